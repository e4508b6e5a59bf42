using System.Text.Json;
using System.Text.Json.Nodes;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Data.Tokenizers;

namespace SparseEngine.Tests.Data.Tokenizers;

public sealed class TokenizerFileTests : IDisposable
{
    /// <summary>"the" and " the" beside the 256 bytes, and an end: as GPT-2's files write them.</summary>
    private static readonly string[] Merges = ["t h", "th e", "Ġ the", "l o", "lo w"];

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Vocab_and_merges_make_a_byte_level_BPE()
    {
        ITokenizer tokenizer = WriteVocabulary();
        Assert.Equal([257, 258, 116, 257, 111], Encode(tokenizer, "the thettheo"));
        Assert.Equal([32, 260, 101, 114], Encode(tokenizer, " lower"));
        Assert.Equal([0xCE, 0xA9], Encode(tokenizer, "Ω"));
    }

    [Fact]
    public void A_tokenizer_json_makes_the_same_one()
    {
        ITokenizer files = WriteVocabulary();
        ITokenizer json = WriteJson();
        foreach (string text in new[] { "the low thethe", "  lower\n\nΩ the's é", "" })
        {
            Assert.Equal(Encode(files, text), Encode(json, text));
            Assert.Equal(text, json.Decode(Encode(json, text)));
        }

        Assert.Equal((262, 261), (json.VocabularySize, json.EndToken));
        Assert.True(json.Bytes(261).IsEmpty);
    }

    [Fact]
    public void Merges_are_read_as_pairs_too()
    {
        ITokenizer expected = WriteJson();
        ITokenizer pairs = WriteJson(root => root["model"]!["merges"] =
            new JsonArray([.. Merges.Select(merge => new JsonArray([.. merge.Split(' ').Select(part => JsonValue.Create(part))]))]));
        Assert.Equal(Encode(expected, "the lowlands of the"), Encode(pairs, "the lowlands of the"));
    }

    [Fact]
    public void The_pattern_of_a_Split_cuts_words()
    {
        // Words of one letter: no merge can take place.
        ITokenizer letters = WriteJson(root => root["pre_tokenizer"] = JsonNode.Parse(
            """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\p{L}"}, "behavior": "Isolated", "invert": false}, """
            + """{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}"""));
        Assert.Equal([.. "the low"u8], Encode(letters, "the low").Select(id => (byte)id));
    }

    [Fact]
    public void An_added_token_that_is_not_special_is_one_token_wherever_it_occurs_and_a_special_one_is_text()
    {
        ITokenizer tokenizer =
            WriteJson(root => root["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{"id": 270, "content": "  ", "special": false}""")));
        Assert.Equal(271, tokenizer.VocabularySize);
        Assert.Equal(["a"u8[0], 270, 270, "b"u8[0]], Encode(tokenizer, "a    b"));
        Assert.Equal("<|endoftext|>".Length, Encode(tokenizer, "<|endoftext|>").Count);
        Assert.Equal("x  y", tokenizer.Decode(Encode(tokenizer, "x  y")));
    }

    [Fact]
    public void With_ignore_merges_a_word_of_the_vocabulary_is_one_token()
    {
        ITokenizer tokenizer = WriteJson(root =>
        {
            root["model"]!["ignore_merges"] = true;
            root["model"]!["vocab"]!["zebra"] = 300;
        });
        Assert.Equal([300], Encode(tokenizer, "zebra"));
        Assert.Equal(6, Encode(tokenizer, "zebras").Count);
    }

    [Fact]
    public void The_end_token_may_be_named()
    {
        Assert.Equal((int)'X', Open(WriteJsonFile(_ => { }), "X").EndToken);
        string path = directory.File("tokenizer.json");
        Assert.Equal($"{path}: has no token \"<stop>\"", Assert.Throws<DataException>(() => Open(path, "<stop>")).Message);
    }

    [Fact]
    public void A_saved_tokenizer_opens_as_the_same()
    {
        Directory.CreateDirectory(directory.File("copy"));
        WriteVocabulary().Save(directory.File("copy"));
        Assert.Equal(Encode(WriteVocabulary(), "the low"), Encode(Open(Path.Combine(directory.Path, "copy", "vocab.json")), "the low"));
    }

    [Theory]
    [InlineData("model.type", "\"WordPiece\"", "model.type is \"WordPiece\"; valid: BPE")]
    [InlineData("model.byte_fallback", "true", "byte_fallback is true; valid: nothing, or false")]
    [InlineData("model.dropout", "0.1", "dropout is 0.1; valid: nothing, or false")]
    [InlineData("model.vocab", "[]", "has no model.vocab; a BPE's is an object of tokens and their ids")]
    [InlineData("model.vocab.a", "-1", "the id of \"a\" is -1; valid: a whole number from 0 to 16777215 that no other token has")]
    [InlineData("model.merges", "[\"t q7\"]", "merge 1, \"t q7\", has \"q7\", which is not in the vocabulary")]
    [InlineData("model.merges", "[7]", "merge 1 is 7; valid: two tokens")]
    [InlineData("normalizer", "{\"type\": \"Lowercase\"}", "normalizer is {\"type\": \"Lowercase\"}; valid: null, NFC")]
    [InlineData("pre_tokenizer", "null", "has no pre_tokenizer; valid: ByteLevel, or a Sequence of Split and ByteLevel")]
    [InlineData(
        "pre_tokenizer", "{\"type\": \"Whitespace\"}",
        "the pre_tokenizer is {\"type\": \"Whitespace\"}; valid: ByteLevel, or a Sequence of Split and ByteLevel")]
    [InlineData("pre_tokenizer.add_prefix_space", "true", "add_prefix_space is true; valid: nothing, or false")]
    [InlineData(
        "added_tokens", "[]", "has none of the tokens <|endoftext|>, <|end_of_text|>, </s>, <eos>; --end_token names the one that ends a document")]
    public void Another_kind_of_tokenizer_is_one_clear_line(string key, string value, string expected)
    {
        string path = WriteJsonFile(root =>
        {
            string[] keys = key.Split('.');
            JsonNode parent = keys[..^1].Aggregate((JsonNode)root, (node, name) => node[name]!);
            parent[keys[^1]] = JsonNode.Parse(value);
        });
        string compact = Assert.Throws<DataException>(() => Open(path)).Message.Replace("\":\"", "\": \"", StringComparison.Ordinal);
        Assert.Equal($"{path}: {expected}", compact);
    }

    [Fact]
    public void An_empty_vocabulary_is_one_clear_line()
    {
        string path = WriteJsonFile(root =>
        {
            root["added_tokens"] = new JsonArray();
            root["model"]!["vocab"] = new JsonObject();
            root["model"]!["merges"] = new JsonArray();
        });
        Assert.Equal(
            $"{path}: has none of the tokens <|endoftext|>, <|end_of_text|>, </s>, <eos>; --end_token names the one that ends a document",
            Assert.Throws<DataException>(() => Open(path)).Message);
    }

    [Fact]
    public void A_vocabulary_that_lacks_a_byte_is_one_line_with_its_file()
    {
        string path = WriteJsonFile(root => root["model"]!["vocab"]!.AsObject().Remove("A"));
        Assert.Equal(
            $"{path}: the vocabulary has no token for the byte 0x41; a byte-level BPE has all 256",
            Assert.Throws<DataException>(() => Open(path)).Message);
    }

    [Theory]
    [InlineData("vocab.json", """{"\ud800": 0, "<|endoftext|>": 1}""")]
    [InlineData("tokenizer.json", """{"model": {"vocab": {"a": 0, "\ud800": 1}, "merges": []}}""")]
    [InlineData("tokenizer.json", """{"model": {"vocab": {"a": 0, "aa": 1}, "merges": ["a \ud800"]}}""")]
    [InlineData("tokenizer.json", """{"model": {"vocab": {"a": 0, "aa": 1}, "merges": [["a", "\udc00"]]}}""")]
    [InlineData(
        "tokenizer.json",
        """{"model": {"vocab": {}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}, "added_tokens": [{"id": 0, "content": "\ud83d"}]}""")]
    public void Half_of_a_surrogate_pair_is_one_clear_line(string name, string json)
    {
        File.WriteAllText(directory.File(name), json);
        AssertNoText(directory.File(name));
    }

    [Fact]
    public void A_string_that_is_no_UTF_8_is_one_clear_line()
    {
        File.WriteAllBytes(directory.File("vocab.json"), [.. "{\""u8, 0xFF, .. "\": 0}"u8]);
        AssertNoText(directory.File("vocab.json"));
    }

    [Fact]
    public void A_file_that_is_no_tokenizer_is_one_clear_line()
    {
        string path = directory.File("vocab.json");
        File.WriteAllText(path, "{\"a\": 0,");
        Assert.StartsWith($"{path}: is not JSON: ", Assert.Throws<DataException>(() => Open(path)).Message, StringComparison.Ordinal);
        File.WriteAllText(path, "{\"ab\": 0, \"<|endoftext|>\": 1}");
        Assert.Equal(
            $"{path}: the token \"ab\" is not one character, and there is no merges.txt beside it, which a BPE needs",
            Assert.Throws<DataException>(() => Open(path)).Message);
        File.WriteAllText(path, "{\"a\": 0, \"b\": 7, \"<|endoftext|>\": 1}");
        Assert.StartsWith($"{path}: the id of \"b\" is 7; ", Assert.Throws<DataException>(() => Open(path)).Message, StringComparison.Ordinal);
        Assert.Equal(
            "tokenizer \"gpt3\" is no file; valid: byte, char, gpt2, or a file: tokenizer.json (byte-level BPE), "
            + "vocab.json with merges.txt beside it, or a vocab.json that prepare wrote",
            Assert.Throws<ConfigurationException>(() => Open("gpt3")).Message);
        Assert.StartsWith(
            "tokenizer \"char\" takes its vocabulary from a text", Assert.Throws<ConfigurationException>(() => Open("char")).Message,
            StringComparison.Ordinal);
    }

    private static void AssertNoText(string path) => Assert.Equal(
        $"{path}: has a string that is no text: an incomplete \\u escape of two, or bytes that are not UTF-8",
        Assert.Throws<DataException>(() => Open(path)).Message);

    private static ITokenizer Open(string path, string? endToken = null) => Tokenizer.Open(path, endToken);

    private static List<int> Encode(ITokenizer tokenizer, string text)
    {
        List<int> ids = [];
        tokenizer.Encode(text, ids);
        return ids;
    }

    /// <summary>The bytes in numeric order, then what the merges make.</summary>
    private static JsonObject Vocabulary()
    {
        JsonObject vocabulary = [];
        char unprintable = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (> 32 and < 127) or (> 160 and < 256 and not 173);
            vocabulary.Add($"{(printable ? (char)value : unprintable++)}", value);
        }

        foreach ((int rank, string merge) in Merges.Index())
        {
            vocabulary.Add(merge.Replace(" ", "", StringComparison.Ordinal), 256 + rank);
        }

        return vocabulary;
    }

    private ITokenizer WriteVocabulary()
    {
        JsonObject vocabulary = Vocabulary();
        vocabulary.Add("<|endoftext|>", 261);
        File.WriteAllText(directory.File("vocab.json"), vocabulary.ToJsonString());
        File.WriteAllLines(directory.File("merges.txt"), ["#version: 0.2", .. Merges]);
        return Open(directory.File("vocab.json"));
    }

    private ITokenizer WriteJson(Action<JsonObject>? change = null) => Open(WriteJsonFile(change ?? (_ => { })));

    private string WriteJsonFile(Action<JsonObject> change)
    {
        JsonObject root = new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(JsonNode.Parse("""{"id": 261, "content": "<|endoftext|>", "special": true}""")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["vocab"] = Vocabulary(),
                ["merges"] = new JsonArray([.. Merges.Select(merge => JsonValue.Create(merge))]),
            },
        };
        change(root);
        string path = directory.File("tokenizer.json");
        File.WriteAllText(
            path, root.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        return path;
    }
}
