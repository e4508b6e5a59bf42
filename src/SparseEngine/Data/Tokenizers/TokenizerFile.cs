using System.Text;
using System.Text.Json;

namespace SparseEngine.Data.Tokenizers;

/// <summary>Opens the files of tokenizers, told apart by what they hold.</summary>
internal static class TokenizerFile
{
    /// <summary>The token that ends a document in GPT-2's vocabulary, and in the files written here.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>An id beyond this is no vocabulary's: the largest have some 300,000 tokens.</summary>
    public const int LargestId = (1 << 24) - 1;

    /// <summary>The merges' file beside a vocab.json.</summary>
    private const string MergesFile = "merges.txt";

    private static readonly string[] UsualEnds = [EndOfText, "<|end_of_text|>", "</s>", "<eos>"];

    /// <summary>Opens a file.</summary>
    /// <exception cref="DataException">It is none of a tokenizer that is known here.</exception>
    public static ITokenizer Open(string path, string? endToken)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            JsonElement root = document.RootElement;
            string merges = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, MergesFile);
            return root.ValueKind switch
            {
                JsonValueKind.Object when root.TryGetProperty("model", out JsonElement model) && model.ValueKind == JsonValueKind.Object =>
                    new TokenizerJson(path, root).Create(endToken),
                JsonValueKind.Object when File.Exists(merges) => OfMerges(path, merges, root, endToken),
                JsonValueKind.Object => OfCharacters(path, root, endToken),
                _ => throw new DataException($"{path}: is not a JSON object; valid: {Tokenizer.Valid}"),
            };
        }
        catch (JsonException exception)
        {
            throw new DataException($"{path}: is not JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // What no string of .NET may hold, JSON's grammar allows and its reader passes on.
            throw new DataException($"{path}: has a string that is no text: an incomplete \\u escape of two, or bytes that are not UTF-8", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The ids of a vocabulary: an object of tokens and their numbers.</summary>
    /// <exception cref="DataException">It is not one.</exception>
    public static Dictionary<string, int> Vocabulary(string path, JsonElement entries)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        HashSet<int> taken = [];
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or > LargestId || !taken.Add(id))
            {
                throw new DataException($"{path}: the id of \"{entry.Name}\" is {entry.Value.GetRawText()}; "
                    + $"valid: a whole number from 0 to {LargestId} that no other token has");
            }

            ids.Add(entry.Name, id);
        }

        return ids;
    }

    /// <summary>The bytes of each id of one token or more; null where no token has it.</summary>
    public static byte[]?[] Bytes(IReadOnlyDictionary<string, int> ids)
    {
        byte[]?[] bytes = new byte[]?[ids.Values.Max() + 1];
        foreach ((string token, int id) in ids)
        {
            bytes[id] = ByteAlphabet.Decode(token);
        }

        return bytes;
    }

    /// <summary>Adds one merge of a file.</summary>
    /// <exception cref="DataException">A token of it is not in the vocabulary.</exception>
    public static void Add(this MergeTable merges, string path, Dictionary<string, int> ids, string left, string right, int rank)
    {
        merges.TryAdd(Id(left), Id(right), rank, Id(left + right));

        int Id(string token) => ids.TryGetValue(token, out int id)
            ? id
            : throw new DataException($"{path}: merge {rank + 1}, \"{left} {right}\", has \"{token}\", which is not in the vocabulary");
    }

    /// <summary>The id that ends a document.</summary>
    /// <exception cref="DataException">The vocabulary has no such token.</exception>
    public static int End(string path, IReadOnlyDictionary<string, int> ids, string? endToken)
    {
        string? end = endToken ?? UsualEnds.FirstOrDefault(ids.ContainsKey);
        if (end is null)
        {
            throw new DataException($"{path}: has none of the tokens {string.Join(", ", UsualEnds)}; --end_token names the one that ends a document");
        }

        return ids.TryGetValue(end, out int id) ? id : throw new DataException($"{path}: has no token \"{end}\"");
    }

    private static ByteLevelBpe OfMerges(string path, string mergesPath, JsonElement root, string? endToken)
    {
        Dictionary<string, int> ids = Vocabulary(path, root);
        MergeTable merges = new();
        int rank = 0;
        foreach (string line in File.ReadLines(mergesPath).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)))
        {
            if (line.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
            {
                throw new DataException($"{mergesPath}: merge {rank + 1} is \"{line}\"; valid: two tokens with a space between");
            }

            merges.Add(mergesPath, ids, left, right, rank++);
        }

        int end = End(path, ids, endToken);
        return new ByteLevelBpe(Path.GetFileName(path), Bytes(ids), merges, end, [WordSplitter.Gpt2], [path, mergesPath]);
    }

    /// <summary>Characters from id 0 in any order, and the end after them.</summary>
    private static CharacterTokenizer OfCharacters(string path, JsonElement root, string? endToken)
    {
        Dictionary<string, int> ids = Vocabulary(path, root);
        int end = End(path, ids, endToken);
        Rune[] characters = new Rune[ids.Count - 1];
        foreach ((string token, int id) in ids.Where(entry => entry.Value != end))
        {
            if (!Rune.TryGetRuneAt(token.Length > 0 ? token : "\ud800", 0, out Rune character) || character.Utf16SequenceLength != token.Length)
            {
                throw new DataException(
                    $"{path}: the token \"{token}\" is not one character, and there is no {MergesFile} beside it, which a BPE needs");
            }

            if (id >= characters.Length)
            {
                throw new DataException($"{path}: the id of \"{token}\" is {id}; a vocabulary of characters has the ids from 0 to "
                    + $"{characters.Length - 1}, and the end after them");
            }

            characters[id] = character;
        }

        return new CharacterTokenizer(Path.GetFileName(path), characters);
    }
}
