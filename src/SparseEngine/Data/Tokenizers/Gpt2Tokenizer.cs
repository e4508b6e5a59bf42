using System.Globalization;
using System.Text;
using SharpToken;

namespace SparseEngine.Data.Tokenizers;

/// <summary>GPT-2's tokenizer; SharpToken carries its vocabulary, r50k_base.</summary>
internal static class Gpt2Tokenizer
{
    private const string Vocabulary = "SharpToken.data.r50k_base.tiktoken";
    private const int End = 50256;

    /// <summary>Loads it.</summary>
    public static ITokenizer Create()
    {
        byte[]?[] tokens = Read();
        return new ByteLevelBpe(Tokenizer.Gpt2, tokens, Merges(tokens), End, [WordSplitter.Gpt2], files: []);
    }

    /// <summary>The bytes of each id. Lines are base64, a space, and the id.</summary>
    private static byte[]?[] Read()
    {
        byte[]?[] tokens = new byte[]?[End + 1];
        using Stream resource = typeof(GptEncoding).Assembly.GetManifestResourceStream(Vocabulary)
            ?? throw new InvalidOperationException($"SharpToken has no {Vocabulary}");
        using StreamReader lines = new(resource);
        while (lines.ReadLine() is { Length: > 0 } line)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            tokens[int.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture)] = Convert.FromBase64String(line[..space]);
        }

        return tokens;
    }

    /// <summary>Two tokens merge where their bytes joined are a token, and the lower its id the sooner: ids are in the order in which training made the merges.</summary>
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
