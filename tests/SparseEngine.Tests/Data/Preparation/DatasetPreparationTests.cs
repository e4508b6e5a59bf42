using System.Text;
using System.Text.Json;
using SparseEngine.Data.Preparation;
using SparseEngine.Data.Tokenizers;
using SparseEngine.Tests.Data.Tokenizers;

namespace SparseEngine.Tests.Data.Preparation;

public sealed class DatasetPreparationTests : IDisposable
{
    private readonly PreparationRun run = new();

    public void Dispose() => run.Dispose();

    [Theory]
    [InlineData("byte")]
    [InlineData("char")]
    [InlineData("gpt2")]
    public void The_labels_decode_to_the_text_whatever_its_form(string name)
    {
        string[] documents = ["The first, of more tokens than a sample: one two three four five six seven eight nine.", "zwei 😀\n\nZeilen\n", "x"];
        run.Write("in/a.txt", documents[0]);
        run.Write("in/b.md.gz", PreparationRun.Gzip(documents[1]));
        run.Write(
            "in/c.jsonl",
            JsonSerializer.Serialize(new { text = documents[2] }) + "\n\n" + JsonSerializer.Serialize(new { id = 1, text = documents[0] }));
        run.Write("in/d.jsonl.gz", PreparationRun.Gzip(JsonSerializer.Serialize(new { text = documents[1] }) + "\r\n"));
        run.Write("in/ignored.csv", "no text");

        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "in")) with { Tokenizer = name });

        ITokenizer tokenizer = Tokenizer.Open(name == "char" ? Path.Combine(run.Output, dataset.Tokenizer) : name);
        Assert.Equal([documents[0], documents[1], documents[2], documents[0], documents[1]], run.Documents(dataset, tokenizer));
        Assert.Equal((tokenizer.VocabularySize, tokenizer.EndToken), (dataset.VocabSize, dataset.EndToken));
        Assert.Null(dataset.Val);
    }

    [Fact]
    public void A_vocabulary_of_characters_is_in_the_order_of_code_points_with_the_end_last()
    {
        run.Write("a.txt", "héz 😀a");
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.txt")) with { Tokenizer = "char" });
        Assert.Equal((7, 6), (dataset.VocabSize, dataset.EndToken));
        Assert.Equal([2, 4, 3, 0, 5, 1, 6], run.Tokens(dataset));
    }

    [Fact]
    public void The_output_is_the_same_byte_for_byte_for_any_number_of_threads()
    {
        string text = File.ReadAllText(TestData.PathOf("tiny-dense", "params.yaml"));
        Random random = new(5);
        StringBuilder lines = new();
        for (int i = 0; i < 3000; i++)
        {
            int start = random.Next(text.Length - 1);
            lines.Append(JsonSerializer.Serialize(new { text = text.Substring(start, random.Next(text.Length - start)) })).Append('\n');
        }

        run.Write("many.jsonl", lines.ToString());
        run.Write("long.txt", string.Concat(Enumerable.Repeat(text, (int)(3e6 / text.Length))));
        Dictionary<string, byte[]>[] outputs = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "*.*")) with
            {
                Tokenizer = "gpt2", MaxSequenceLength = 128, ValidationFraction = 0.1, SamplesPerFile = 700, Threads = threads, Overwrite = true,
            });
            return Directory.EnumerateFiles(run.Output, "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllBytes);
        })];

        Assert.Contains(outputs[0].Keys, file => file.EndsWith("train/examples_00002.h5", StringComparison.Ordinal));
        Assert.Contains(outputs[0].Keys, file => file.EndsWith("val/examples_00000.h5", StringComparison.Ordinal));
        Assert.All(outputs[1..], output =>
        {
            Assert.Equal(outputs[0].Keys.Order(StringComparer.Ordinal), output.Keys.Order(StringComparer.Ordinal));
            Assert.All(outputs[0], file => Assert.True(file.Value.AsSpan().SequenceEqual(output[file.Key]), file.Key));
        });
    }

    [Fact]
    public void A_text_of_many_pieces_has_the_tokens_of_the_whole()
    {
        string unit = "It's  a\ttest,\n\n of 12345 words;\nwe'll see.   \n";
        string text = string.Concat(Enumerable.Repeat(unit, 3 * TextCut.LongestPiece / unit.Length));
        run.Write("a.txt", text);
        PreparedDataset dataset = PreparationRun.Prepare(
            run.Options(Path.Combine(run.Folder, "a.txt")) with { Tokenizer = "gpt2", MaxSequenceLength = 1000 });
        List<int> whole = [];
        ITokenizer gpt2 = Tokenizer.Open("gpt2");
        gpt2.Encode(text, whole);
        whole.Add(gpt2.EndToken);
        Assert.True(run.Tokens(dataset).SequenceEqual(whole));
    }

    [Fact]
    public void A_text_without_a_place_to_cut_is_kept_whole_too()
    {
        string text = string.Concat(Enumerable.Repeat("a😀", TextCut.LongestPiece));
        run.Write("a.txt", text);
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.txt")) with { MaxSequenceLength = 4096 });
        Assert.Equal(text, Assert.Single(run.Documents(dataset, Tokenizer.Open("byte"))));
    }

    [Fact]
    public void Empty_documents_leave_no_token()
    {
        run.Write("a.txt", "");
        run.Write("b.txt", "text");
        run.Write("c.jsonl", "{\"text\": \"\"}\n{\"text\": \"more\"}\n");
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "?.*")));
        Assert.Equal(["text", "more"], run.Documents(dataset, Tokenizer.Open("byte")));
        Assert.Equal((2, 2), (dataset.EmptyDocuments, dataset.Train.Documents));
    }

    [Fact]
    public void Every_tenth_document_is_held_out_for_a_tenth()
    {
        run.Write("a.jsonl", string.Join('\n', Enumerable.Range(0, 100).Select(i => $"{{\"text\": \"{i}\"}}")));
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.jsonl")) with { ValidationFraction = 0.1 });
        ITokenizer bytes = Tokenizer.Open("byte");
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{(10 * i) + 4}"), run.Documents(dataset, bytes, "val"));
        Assert.Equal(Enumerable.Range(0, 100).Where(i => i % 10 != 4).Select(i => $"{i}"), run.Documents(dataset, bytes));
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.txt.gz")]
    public void Of_a_single_text_the_end_is_held_out(string name)
    {
        string text = string.Concat(Enumerable.Range(0, 500).Select(i => $"line {i}\n"));
        run.Write(name, name.EndsWith(".gz", StringComparison.Ordinal) ? PreparationRun.Gzip(text) : Encoding.UTF8.GetBytes(text));
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, name)) with { ValidationFraction = 0.25 });
        ITokenizer bytes = Tokenizer.Open("byte");
        int cut = text.Length - (text.Length / 4);
        Assert.Equal([text[..cut]], run.Documents(dataset, bytes));
        Assert.Equal([text[cut..]], run.Documents(dataset, bytes, "val"));
    }

    [Fact]
    public void A_text_is_not_divided_within_a_character()
    {
        run.Write("a.txt", string.Concat(Enumerable.Repeat("😀", 5)));
        PreparedDataset dataset = PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.txt")) with { ValidationFraction = 0.5 });
        ITokenizer bytes = Tokenizer.Open("byte");
        Assert.Equal(["😀😀😀"], run.Documents(dataset, bytes));
        Assert.Equal(["😀😀"], run.Documents(dataset, bytes, "val"));
    }

    [Fact]
    public void The_description_has_what_a_YAML_needs()
    {
        run.Write("a.txt", "some text to count");
        PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.txt")) with { Tokenizer = "gpt2" });
        using JsonDocument description = JsonDocument.Parse(File.ReadAllText(Path.Combine(run.Output, "dataset.json")));
        JsonElement root = description.RootElement;
        Assert.Equal(("gpt2", 50257, 50256, 8), (root.GetProperty("tokenizer").GetString(), root.GetProperty("vocab_size").GetInt32(),
            root.GetProperty("end_token").GetInt32(), root.GetProperty("max_sequence_length").GetInt32()));
        Assert.Equal(5, root.GetProperty("train").GetProperty("tokens").GetInt64());
        Assert.False(root.TryGetProperty("val", out _));
    }

    [Fact]
    public void The_files_of_a_tokenizer_come_with_the_data()
    {
        run.Write("a.txt", "abc");
        PreparationRun.Prepare(run.Options(Path.Combine(run.Folder, "a.txt")) with { Tokenizer = "char" });
        string vocabulary = Path.Combine(run.Folder, "vocab.json");
        File.Move(Path.Combine(run.Output, "vocab.json"), vocabulary);
        PreparedDataset again = PreparationRun.Prepare(
            run.Options(Path.Combine(run.Folder, "a.txt")) with { Tokenizer = vocabulary, Output = Path.Combine(run.Folder, "two") });
        Assert.Equal(("vocab.json", 4), (again.Tokenizer, again.VocabSize));
        Assert.Equal(File.ReadAllText(vocabulary), File.ReadAllText(Path.Combine(run.Folder, "two", "vocab.json")));
    }

    [Theory]
    [InlineData("tokenizer.json", new[] { "tokenizer.json" })]
    [InlineData("vocab.json", new[] { "merges.txt", "vocab.json" })]
    public void A_tokenizer_of_files_gives_its_ids_and_comes_with_the_data(string name, string[] files)
    {
        const string Text = "Größe: they're  one\n\ntwo, three 1234";
        string path = run.Write("a.txt", Text);
        string tokenizer = Gpt2Files.Write(Directory.CreateDirectory(Path.Combine(run.Folder, "gpt2")).FullName, name);

        PreparedDataset dataset = PreparationRun.Prepare(run.Options(path) with { Tokenizer = tokenizer });

        Assert.Equal((name, 50257, 50256), (dataset.Tokenizer, dataset.VocabSize, dataset.EndToken));
        List<int> expected = [];
        Tokenizer.Open("gpt2").Encode(Text, expected);
        Assert.Equal([.. expected, 50256], run.Tokens(dataset));
        Assert.Equal(
            files.Append("dataset.json").Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(run.Output).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(
            files,
            file => Assert.Equal(File.ReadAllBytes(Path.Combine(run.Folder, "gpt2", file)), File.ReadAllBytes(Path.Combine(run.Output, file))));
    }

    [Fact]
    public void Patterns_name_files_in_folders_of_any_depth()
    {
        run.Write("a/x.txt", "1");
        run.Write("a/b/y.txt", "2");
        run.Write("a/b/c/z.log", "3");
        string[] files = [.. InputListing.Find(
            [Path.Combine(run.Folder, "**", "*.txt"), Path.Combine(run.Folder, "a", "*", "c", "?.log"), Path.Combine(run.Folder, "a", "x.txt")]).Files
            .Select(file => Path.GetRelativePath(run.Folder, file.Path))];
        Assert.Equal(["a/b/y.txt", "a/x.txt", "a/b/c/z.log"], files);
    }
}
