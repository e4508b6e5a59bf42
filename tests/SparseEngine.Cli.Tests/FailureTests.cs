namespace SparseEngine.Cli.Tests;

public class FailureTests
{
    private static readonly string[] Train = ["run", "CPU", "-p", "params.yaml", "-m", "train"];

    [Fact]
    public async Task All_problems_of_a_file_are_reported_at_once_with_their_places()
    {
        using TemporaryFolder folder = new();
        const string model = "vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 2, filter_size: 64, "
            + "attention_type: scaled_dot_product, dropout_rate: 0.0, mixed_precision: False";
        folder.Write("params.yaml", $$"""
            train_input: {data_processor: TextDataProcessor, data_dir: text.txt, max_sequence_length: 32, batch_size: -4, shuffle: False}
            model: {{{model}}}
            sparsity: {sparsity: 0.75, init_method: topkk}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-3}
            runconfig: {max_steps: 4}
            """);

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, Train)).EndsWith(2);

        string[] lines = result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("params.yaml:1:", lines[0], StringComparison.Ordinal);
        Assert.Contains("batch_size", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("params.yaml:3:", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"topkk\"; valid: random, topk", lines[1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("model_dir")));
    }

    [Fact]
    public async Task A_missing_file_of_parameters_is_one_line_and_exit_code_2()
    {
        using TemporaryFolder folder = new();

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, Train)).EndsWith(2);

        Assert.Contains(
            "params.yaml", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_directory_that_cannot_be_made_is_one_line_and_exit_code_1()
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train", "--model_dir", "params.yaml")).EndsWith(1);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("model_dir params.yaml cannot be written to: ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_little_memory_for_a_run_is_one_line_that_says_what_needs_less()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is limited with ulimit -v");
        using TinyRun run = new();
        string path = Path.Combine(run.Location, "params.yaml");
        string parameters = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            path, parameters.Replace("vocab_size: 256", "vocab_size: 30000000", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        ProgramResult result = (await ProgramProcess.RunWithMemoryLimitAsync(run.Location, mebibytes: 3000, [.. Train, "-o", "out"])).EndsWith(1);

        Assert.Equal($"Out of memory: a smaller batch_size, or more grad_accum_steps, needs less.{Environment.NewLine}", result.Errors);
    }

    [Fact]
    public async Task A_stack_trace_is_shown_with_logging_DEBUG_only_and_kept_in_the_log_file()
    {
        using TinyRun run = new();
        File.WriteAllText(Path.Combine(run.Location, "weights.mdl"), "These are no weights.");

        ProgramResult plain = (await run.RunAsync("train", "--checkpoint_path", "weights.mdl")).EndsWith(1);
        ProgramResult debug = (await run.RunAsync("train", "--checkpoint_path", "weights.mdl", "--logging", "DEBUG")).EndsWith(1);

        string line = Assert.Single(plain.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("weights.mdl", line, StringComparison.Ordinal);
        Assert.Contains("   at SparseEngine.", debug.Errors, StringComparison.Ordinal);
        Assert.Contains("   at SparseEngine.", File.ReadAllText(Directory.GetFiles(run.Output(""), "run_*.log").Min()!), StringComparison.Ordinal);
    }
}
