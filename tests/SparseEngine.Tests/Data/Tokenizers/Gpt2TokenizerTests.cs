using System.Security.Cryptography;
using System.Text;
using SparseEngine.Data.Tokenizers;
using TiktokenTokenizer = Microsoft.ML.Tokenizers.TiktokenTokenizer;

namespace SparseEngine.Tests.Data.Tokenizers;

public class Gpt2TokenizerTests
{
    private static readonly ITokenizer Gpt2 = Tokenizer.Open("gpt2");

    [Theory]
    [InlineData("Hello world", new[] { 15496, 995 })]
    [InlineData("Hello, world! It's 2024.", new[] { 15496, 11, 995, 0, 632, 338, 48609, 13 })]
    [InlineData(" ", new[] { 220 })]
    [InlineData("a\n\n b", new[] { 64, 628, 275 })]
    [InlineData("😀", new[] { 47249, 222 })]
    [InlineData("a<|endoftext|>b", new[] { 64, 27, 91, 437, 1659, 5239, 91, 29, 65 })]
    [InlineData("", new int[0])]
    public void Texts_have_the_ids_that_OpenAI_gave_them(string text, int[] expected)
    {
        Assert.Equal(expected, Encode(Gpt2, text));
        Assert.Equal(text, Gpt2.Decode(expected));
    }

    [Fact]
    public void The_vocabulary_has_50257_ids_and_its_last_ends_a_document()
    {
        Assert.Equal((50257, 50256), (Gpt2.VocabularySize, Gpt2.EndToken));
        Assert.True(Gpt2.Bytes(50256).IsEmpty);
        Assert.All(Enumerable.Range(0, 50256), id => Assert.False(Gpt2.Bytes(id).IsEmpty));
    }

    [Fact]
    public void The_vocabulary_is_the_file_that_OpenAI_published()
    {
        // r50k_base.tiktoken, whose SHA-256 is in tiktoken_ext/openai_public.py.
        string lines = string.Concat(Enumerable.Range(0, 50256).Select(id => $"{Convert.ToBase64String(Gpt2.Bytes(id))} {id}\n"));
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(lines)));
        Assert.Equal("306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930", hash);
    }

    [Fact]
    public void A_second_implementation_agrees_on_prose_markup_digits_white_space_and_all_of_Unicode()
    {
        TiktokenTokenizer other = TiktokenTokenizer.CreateForEncoding("r50k_base");
        Assert.All(VariedTexts().Concat(OddTexts()), text =>
        {
            List<int> ids = Encode(Gpt2, text);
            Assert.Equal(other.EncodeToIds(text), ids);
            Assert.Equal(text, Gpt2.Decode(ids));
        });
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("tokenizer.json")]
    public void The_files_of_GPT_2_give_the_same_ids(string name)
    {
        using TemporaryDirectory directory = new();
        ITokenizer files = Tokenizer.Open(Gpt2Files.Write(directory.Path, name));
        Assert.Equal((50257, 50256), (files.VocabularySize, files.EndToken));
        Assert.All(VariedTexts(), text => Assert.Equal(Encode(Gpt2, text), Encode(files, text)));
        Assert.All(Enumerable.Range(0, 50257), id => Assert.Equal(Gpt2.Bytes(id), files.Bytes(id)));
    }

    [Fact]
    public void Letters_outside_the_basic_plane_are_letters()
    {
        // One word as in OpenAI's encoder: a comma after it is a word of its own, and so has its own id.
        List<int> ids = Encode(Gpt2, "𝒳,");
        Assert.Equal(11, ids[^1]);
        Assert.Equal("𝒳", Gpt2.Decode(ids[..^1]));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_counts_as_the_replacement_character()
    {
        Assert.Equal(Encode(Gpt2, "a\ufffdz"), Encode(Gpt2, "a\ud83dz"));
        Assert.Equal(Encode(Gpt2, "\ufffd\ufffd"), Encode(Gpt2, "\ude00\ud83d"));
    }

    [Fact]
    public void A_word_of_a_million_letters_is_encoded_too()
    {
        string word = string.Concat(Enumerable.Range(0, 1_000_000).Select(i => (char)('a' + (i * 7L * i % 26))));
        List<int> ids = Encode(Gpt2, word);
        Assert.True(ids.Count < word.Length);
        Assert.Equal(word, Gpt2.Decode(ids));
    }

    [Fact]
    public void Threads_that_share_it_get_what_one_gets()
    {
        ITokenizer shared = Tokenizer.Open("gpt2");
        string text = File.ReadAllText(TestData.PathOf("tiny-dense", "params.yaml"));
        List<int> expected = Encode(Gpt2, text);
        Assert.All(
            Enumerable.Range(0, 16).AsParallel().WithDegreeOfParallelism(8).Select(_ => Encode(shared, text)).ToArray(),
            ids => Assert.Equal(expected, ids));
    }

    /// <summary>Texts of all kinds, and some hundred drawn from few characters that GPT-2's words treat differently.</summary>
    private static IEnumerable<string> VariedTexts()
    {
        string prose = File.ReadAllText(TestData.PathOf("tiny-dense", "params.yaml"));
        string[] texts =
        [
            prose,
            "  leading   runs\t\tof \r\n\r\n  white space \u00a0 \u3000and a tail   ",
            "they're we'll I'd 'tis 's'mores CAN'T y'all've",
            "3.14159 1234567890 ½ Ⅻ x² £5",
            "Größe, naïve, Ελληνικά, русский, עברית, العربية, हिन्दी, 日本語のテキスト, 한국어",
            "emoji 👩‍👩‍👧 and flags 🇫🇷🇯🇵, e\u0301 combining",
            "{\"key\": [1, 2.5e-3, null]}; // comment\nfor (int i=0;i<10;++i) { a[i] += b[i]; }",
            new string('a', 300) + " " + new string(' ', 50) + "x",
        ];
        Random random = new(3);
        string alphabet = "ab cd's\n\t 12.,'é日ж";
        IEnumerable<string> drawn = Enumerable.Range(0, 300)
            .Select(_ => string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => alphabet[random.Next(alphabet.Length)])));
        return texts.Concat(drawn);
    }

    /// <summary>Ends of lines, long white space, all categories of characters beside letters and digits, random bytes read as UTF-8.</summary>
    private static IEnumerable<string> OddTexts()
    {
        Random random = new(11);
        IEnumerable<string> lines = ["a\r\nb\r\n\r\n  c\r\n", "\r\r\n\n\r", "\u0085a\u2028b\u2029 c", "❤️ 👍🏽 e\u0301\u0302 \u0301"];
        IEnumerable<string> spaces = " \n\t\r\u00a0\u3000"
            .SelectMany(space => new[] { 2, 17, 129, 5000 }.Select(count => $"a{new string(space, count)}1"));
        IEnumerable<string> categories = Enumerable.Range(0, 0x110000)
            .Where(Rune.IsValid)
            .Select(value => new Rune(value))
            .GroupBy(character => (Rune.GetUnicodeCategory(character), character.IsBmp))
            .SelectMany(group => random.GetItems(group.ToArray(), 60))
            .Select(character => $"a{character}b {character} {character}{character}, 1{character}1'{character}.");
        IEnumerable<string> decoded = Enumerable.Range(0, 300).Select(_ =>
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            return Encoding.UTF8.GetString(bytes);
        });
        return [.. lines, .. spaces, .. categories, .. decoded];
    }

    private static List<int> Encode(ITokenizer tokenizer, string text)
    {
        List<int> ids = [];
        tokenizer.Encode(text, ids);
        return ids;
    }
}
