using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace SparseEngine.Data.Tokenizers;

/// <summary>Byte-level byte pair encoding, as GPT-2 has it (Radford et al., 2019): words, their bytes, and merges of neighbours.</summary>
internal sealed class ByteLevelBpe : ITokenizer
{
    /// <summary>Words kept with their ids. Language repeats its words; what does not repeat must not fill the memory.</summary>
    private const int MostKept = 1 << 16;
    private const int LongestKept = 32;

    private readonly byte[]?[] tokens;
    private readonly MergeTable merges;
    private readonly WordSplitter[] splitters;
    private readonly string[] files;
    private readonly Dictionary<string, int> wholeWords;
    private readonly Dictionary<string, int> addedTokens;
    private readonly Regex? addedPattern;
    private readonly int[] byteTokens = new int[256];
    private readonly ConcurrentDictionary<string, int[]> known = new(StringComparer.Ordinal);
    private int knownCount;

    /// <summary>Takes a vocabulary.</summary>
    /// <param name="name">What it is opened by.</param>
    /// <param name="tokens">The bytes of each id; null where there is none, and for the end.</param>
    /// <param name="merges">The merges.</param>
    /// <param name="endToken">The id that ends a document.</param>
    /// <param name="splitters">What cuts a text into words: the first the text, each next one the words of the one before.</param>
    /// <param name="files">The files it was read from, that of the vocabulary first.</param>
    /// <param name="wholeWords">Words that have an id of their own whatever the merges say; null for none.</param>
    /// <param name="addedTokens">Texts that are one token wherever they occur; null for none.</param>
    /// <exception cref="DataException">The vocabulary lacks a byte.</exception>
    public ByteLevelBpe(
        string name,
        byte[]?[] tokens,
        MergeTable merges,
        int endToken,
        WordSplitter[] splitters,
        string[] files,
        Dictionary<string, int>? wholeWords = null,
        Dictionary<string, int>? addedTokens = null)
    {
        Name = name;
        EndToken = endToken;
        this.tokens = tokens;
        this.merges = merges;
        this.splitters = splitters;
        this.files = files;
        this.wholeWords = wholeWords ?? [];
        this.addedTokens = addedTokens ?? [];

        // Of several that begin at one place the longest is taken.
        addedPattern = this.addedTokens.Count == 0
            ? null
            : new Regex(
                string.Join('|', this.addedTokens.Keys.OrderByDescending(text => text.Length).Select(Regex.Escape)),
                RegexOptions.Compiled | RegexOptions.CultureInvariant);
        Array.Fill(byteTokens, -1);
        foreach ((int id, byte[]? bytes) in tokens.Index())
        {
            if (bytes is [byte value] && byteTokens[value] < 0)
            {
                byteTokens[value] = id;
            }
        }

        if (Array.IndexOf(byteTokens, -1) is >= 0 and int missing)
        {
            throw new DataException($"{(files is [string path, ..] ? path : name)}: the vocabulary has no token for the byte 0x{missing:X2}; "
                + "a byte-level BPE has all 256");
        }
    }

    public string Name { get; }

    public int VocabularySize => tokens.Length;

    public int EndToken { get; }

    public void Encode(ReadOnlySpan<char> text, List<int> tokens)
    {
        if (addedPattern is not null)
        {
            int done = 0;
            foreach (ValueMatch match in addedPattern.EnumerateMatches(text))
            {
                EncodeWords(text[done..match.Index], level: 0, tokens);
                done = match.Index + match.Length;
                tokens.Add(addedTokens[text[match.Index..done].ToString()]);
            }

            text = text[done..];
        }

        EncodeWords(text, level: 0, tokens);
    }

    public ReadOnlySpan<byte> Bytes(int token) => token == EndToken ? [] : tokens[token];

    public void Save(string folder)
    {
        foreach (string file in files)
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, int level, List<int> tokens)
    {
        if (level == splitters.Length)
        {
            EncodeWord(text, tokens);
            return;
        }

        int start = 0;
        while (start < text.Length)
        {
            int length = splitters[level].WordLength(text, start);
            EncodeWords(text.Slice(start, length), level + 1, tokens);
            start += length;
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int[]? ids))
        {
            tokens.AddRange(ids);
            return;
        }

        string text = word.ToString();
        ids = wholeWords.TryGetValue(text, out int whole)
            ? [whole]
            : merges.Apply([.. Encoding.UTF8.GetBytes(text).Select(value => byteTokens[value])]);
        tokens.AddRange(ids);
        if (text.Length <= LongestKept && Volatile.Read(ref knownCount) < MostKept && known.TryAdd(text, ids))
        {
            Interlocked.Increment(ref knownCount);
        }
    }
}
