using System.IO.Compression;
using System.Reflection;
using System.Text;

namespace SparseEngine.Data.Tokenizers;

/// <summary>GPT-2's tokenizer. A package of Microsoft.ML.Tokenizers carries its vocabulary, r50k_base.</summary>
internal static class Gpt2Tokenizer
{
    private const string Package = "Microsoft.ML.Tokenizers.Data.R50kBase";
    private const string Vocabulary = "r50k_base.tiktoken.deflate";
    private const int End = 50256;

    /// <summary>Loads it.</summary>
    public static ITokenizer Create()
    {
        byte[]?[] tokens = Read();
        return new ByteLevelBpe(Tokenizer.Gpt2, tokens, Merges(tokens), End, [WordSplitter.Gpt2], files: []);
    }

    /// <summary>The bytes of each id. The vocabulary's first line is their number; base64 of one id after the other follows.</summary>
    /// <remarks>
    /// The package has no public type: its library, too, finds the vocabulary by these names, and gives the bytes of no token away.
    /// </remarks>
    private static byte[]?[] Read()
    {
        using Stream resource = Assembly.Load(Package).GetManifestResourceStream(Vocabulary)
            ?? throw new InvalidOperationException($"{Package} has no {Vocabulary}");
        using DeflateStream decompressed = new(resource, CompressionMode.Decompress);
        using StreamReader lines = new(decompressed);
        lines.ReadLine();
        byte[]?[] tokens = new byte[]?[End + 1];
        for (int id = 0; id < End; id++)
        {
            tokens[id] = Convert.FromBase64String(lines.ReadLine() ?? throw new InvalidOperationException($"{Package} has {id} tokens of {End}"));
        }

        return tokens;
    }

    /// <summary>
    /// Two tokens merge where their bytes joined are a token, and the lower its id the sooner: ids are in
    /// the order in which training made the merges.
    /// </summary>
    private static MergeTable Merges(byte[]?[] tokens)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < End; id++)
        {
            ids.Add(Key(tokens[id]), id);
        }

        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> parts = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        MergeTable merges = new();
        foreach ((string whole, int id) in ids)
        {
            for (int cut = 1; cut < whole.Length; cut++)
            {
                if (parts.TryGetValue(whole.AsSpan(0, cut), out int left) && parts.TryGetValue(whole.AsSpan(cut), out int right))
                {
                    merges.TryAdd(left, right, rank: id, id);
                }
            }
        }

        return merges;

        static string Key(byte[]? bytes) => Encoding.Latin1.GetString(bytes!);
    }
}
