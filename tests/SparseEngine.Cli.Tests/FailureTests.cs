namespace SparseEngine.Cli.Tests;

public class FailureTests
{
    private static readonly string[] Train = ["run", "CPU", "-p", "params.yaml", "-m", "train"];

    [Fact]
    public async Task All_problems_of_a_file_are_reported_at_once_with_their_places()
    {
        using var folder = new TemporaryFolder();
        folder.Write("params.yaml", """
            train_input: {data_processor: TextDataProcessor, data_dir: text.txt, max_sequence_length: 32, batch_size: -4, shuffle: False}
            model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 2, filter_size: 64, attention_type: scaled_dot_product, dropout_rate: 0.0, mixed_precision: False}
            sparsity: {sparsity: 0.75, init_method: topkk}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-3}
            runconfig: {max_steps: 4}
            """);

        var result = (await ProgramProcess.RunAsync(folder.Location, Train)).EndsWith(2);

        var lines = result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
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
        using var folder = new TemporaryFolder();

        var result = (await ProgramProcess.RunAsync(folder.Location, Train)).EndsWith(2);

        Assert.Contains("params.yaml", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stack_trace_is_shown_with_logging_DEBUG_only_and_kept_in_the_log_file()
    {
        using var run = new TinyRun();
        File.WriteAllText(Path.Combine(run.Location, "weights.mdl"), "These are no weights.");

        var plain = (await run.RunAsync("train", "--checkpoint_path", "weights.mdl")).EndsWith(1);
        var debug = (await run.RunAsync("train", "--checkpoint_path", "weights.mdl", "--logging", "DEBUG")).EndsWith(1);

        var line = Assert.Single(plain.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("weights.mdl", line, StringComparison.Ordinal);
        Assert.Contains("   at SparseEngine.", debug.Errors, StringComparison.Ordinal);
        Assert.Contains("   at SparseEngine.", File.ReadAllText(Directory.GetFiles(run.Output(""), "run_*.log").Min()!), StringComparison.Ordinal);
    }
}
