namespace SparseEngine.Cli.Tests;

/// <summary>Links between files and folders: each real file is read once.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public LinkTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets only administrators make links.");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("texts")]
    [InlineData("texts/**/*.txt")]
    [InlineData("**/?.*")]
    [InlineData("t*s/*/*.txt", "texts/*.txt")]
    [InlineData("texts", "texts", "texts/sub/../a.txt", "texts/again/a.txt", "texts/b.txt")]
    public async Task Prepare_reads_each_real_file_once_whatever_links_and_names_lead_to_it(params string[] inputs)
    {
        Directory.CreateDirectory(folder.File("texts", "sub"));
        folder.Write("texts/a.txt", "The first.");
        folder.Write("texts/sub/b.txt", "The second.");
        Link("texts/sub/up", "..");
        Link("texts/again", ".");
        Link("texts/absolute", folder.File("texts"));
        Link("texts/one", "two");
        Link("texts/two", "one");
        Link("texts/0.txt", "sub/b.txt");
        Link("texts/b.txt", "sub/../0.txt");

        ProgramResult result = (await PrepareAsync([.. inputs])).EndsWith(0);

        Assert.Contains("train: 2 documents, 23 tokens,", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prepare_follows_links_out_of_the_folder_once()
    {
        Directory.CreateDirectory(folder.File("texts"));
        Directory.CreateDirectory(folder.File("elsewhere"));
        folder.Write("elsewhere/a.txt", "Far away.");
        Link("texts/one", "../elsewhere");
        Link("texts/two", "../elsewhere");
        Link("elsewhere/back", "../texts");

        ProgramResult result = (await PrepareAsync("texts")).EndsWith(0);

        Assert.Contains("train: 1 document, 10 tokens,", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("texts")]
    [InlineData("texts/*.txt")]
    [InlineData("texts/gone.txt")]
    public async Task A_link_that_leads_nowhere_is_one_line(string input)
    {
        Directory.CreateDirectory(folder.File("texts"));
        folder.Write("texts/a.txt", "Text.");
        Link("texts/gone.txt", "nowhere");

        ProgramResult result = (await PrepareAsync(input)).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("texts/gone.txt: is a link ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_a_link_names_is_written_where_the_link_leads()
    {
        folder.Write("a.txt", "The text.");
        Directory.CreateDirectory(folder.File("disk", "data"));
        Link("out", "disk/data");

        (await PrepareAsync("a.txt")).EndsWith(0);
        (await PrepareAsync("a.txt", "--force")).EndsWith(0);

        Assert.Equal("disk/data", new FileInfo(folder.File("out")).LinkTarget);
        Assert.Equal(
            ["dataset.json", "train"],
            Directory.EnumerateFileSystemEntries(folder.File("disk", "data")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["data"],
            Directory.EnumerateFileSystemEntries(folder.File("disk"), "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None })
                .Select(path => Path.GetFileName(path)));
    }

    [Theory]
    [InlineData("{data_processor: TextDataProcessor, data_dir: texts")]
    [InlineData("{data_processor: TextDataProcessor, data_dir: [texts, texts/again, texts/b.txt]")]
    [InlineData("{data_processor: GptHDF5DataProcessor, data_dir: out/train")]
    [InlineData("{data_processor: GptHDF5DataProcessor, data_dir: [out/train, out/again, out/again/examples_00000.h5]")]
    public async Task A_data_dir_has_each_real_file_once(string input)
    {
        Directory.CreateDirectory(folder.File("texts"));
        folder.Write("texts/a.txt", new string('a', 80));
        Link("texts/b.txt", "a.txt");
        Link("texts/again", ".");
        (await PrepareAsync("texts")).EndsWith(0);
        Link("out/train/other.h5", "examples_00000.h5");
        Link("out/again", "train");
        folder.Write("params.yaml", Yaml(input, batchSize: 50));

        ProgramResult result = (await RunAsync("train")).EndsWith(1);

        // Once 80 bytes: 9 samples of text, and 10 with the end token that prepare adds.
        int samples = input.Contains("Text", StringComparison.Ordinal) ? 9 : 10;
        Assert.Equal($"train_input: the data has {samples} samples of 8 tokens, fewer than batch_size 50{Environment.NewLine}", result.Errors);
    }

    [Fact]
    public async Task Eval_all_evaluates_each_real_checkpoint_once()
    {
        using TinyRun run = new(checkpointSteps: 4);
        (await run.RunAsync("train")).EndsWith(0);
        File.CreateSymbolicLink(run.Output("checkpoint_6.mdl"), "checkpoint_4.mdl");
        File.CreateSymbolicLink(run.Output("checkpoint_9.mdl"), "checkpoint_8.mdl");

        (await run.RunAsync("eval_all")).EndsWith(0);

        Assert.Equal(
            [4, 8], run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _)).Select(line => line.GetProperty("step").GetInt32()));
    }

    private void Link(string path, string target) => File.CreateSymbolicLink(folder.File(path), target);

    private Task<ProgramResult> PrepareAsync(params string[] inputs) => ProgramProcess.RunAsync(
        folder.Location, ["prepare", "-o", "out", "--tokenizer", "byte", "--max_sequence_length", "8", "--threads", "1", "-i", .. inputs]);

    private Task<ProgramResult> RunAsync(string mode) =>
        ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "params.yaml", "-m", mode, "-o", "model", "--threads", "1");

    private static string Yaml(string input, int batchSize) => $$"""
        train_input: {{input}}, max_sequence_length: 8, batch_size: {{batchSize}}, shuffle: False}
        model: {vocab_size: 257, hidden_size: 16, num_hidden_layers: 1, num_heads: 1, filter_size: 16, max_position_embeddings: 8,
          mixed_precision: False}
        optimizer: {optimizer_type: AdamW, learning_rate: 1e-2, correct_bias: True}
        runconfig: {max_steps: 2, seed: 5}
        """;
}
