using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SparseEngine.Data.Tokenizers;

namespace SparseEngine.Tests.Data.Tokenizers;

/// <summary>
/// GPT-2's tokenizer as files: vocab.json with merges.txt as OpenAI published them, and tokenizer.json as
/// Hugging Face does; made of the tokens of <c>gpt2</c>.
/// </summary>
internal static class Gpt2Files
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Lazy<string[]> Tokens = new(ReadTokens);
    private static readonly Lazy<string[]> Merges = new(DeriveMerges);

    /// <summary>Writes a tokenizer.json, or a vocab.json and the merges.txt beside it.</summary>
    /// <returns>The path of the file with that name.</returns>
    public static string Write(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (name == "tokenizer.json")
        {
            File.WriteAllText(path, TokenizerJson().ToJsonString(Relaxed));
        }
        else
        {
            JsonObject vocabulary = Vocabulary();
            vocabulary.Add("<|endoftext|>", Tokens.Value.Length);
            File.WriteAllText(path, vocabulary.ToJsonString(Relaxed));
            File.WriteAllLines(Path.Combine(folder, "merges.txt"), ["#version: 0.2", .. Merges.Value]);
        }

        return path;
    }

    private static JsonObject TokenizerJson() => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = Tokens.Value.Length, ["content"] = "<|endoftext|>", ["special"] = true }),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["vocab"] = Vocabulary(),
            ["merges"] = new JsonArray([.. Merges.Value.Select(merge => JsonValue.Create(merge))]),
        },
    };

    private static JsonObject Vocabulary() =>
        new(Tokens.Value.Index().Select(token => KeyValuePair.Create<string, JsonNode?>(token.Item, token.Index)));

    /// <summary>The tokens in the order of their ranks, in the alphabet of GPT-2's files.</summary>
    private static string[] ReadTokens()
    {
        char[] alphabet = new char[256];
        char unprintable = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            alphabet[value] = value is (> 32 and < 127) or (> 160 and < 256 and not 173) ? (char)value : unprintable++;
        }

        ITokenizer gpt2 = Tokenizer.Open("gpt2");
        return [.. Enumerable.Range(0, gpt2.EndToken).Select(id => string.Concat(gpt2.Bytes(id).ToArray().Select(value => alphabet[value])))];
    }

    /// <summary>The merge that made each token: the two parts that the merges before its own leave of it.</summary>
    private static string[] DeriveMerges()
    {
        Dictionary<string, int> ranks = Tokens.Value.Index().ToDictionary(token => token.Item, token => token.Index, StringComparer.Ordinal);
        return [.. Tokens.Value.Skip(256).Select(token =>
        {
            List<string> parts = [.. token.Select(character => character.ToString())];
            while (parts.Count > 2)
            {
                (int at, int rank) = Enumerable.Range(0, parts.Count - 1)
                    .Select(i => (i, ranks.GetValueOrDefault(parts[i] + parts[i + 1], int.MaxValue)))
                    .MinBy(pair => pair.Item2);
                Assert.True(rank < ranks[token], token);
                parts[at] += parts[at + 1];
                parts.RemoveAt(at + 1);
            }

            return string.Join(' ', parts);
        })];
    }
}
