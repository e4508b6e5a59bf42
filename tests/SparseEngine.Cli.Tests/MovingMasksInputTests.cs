namespace SparseEngine.Cli.Tests;

/// <summary>Sections of moving masks that cannot be meant: one line each with its place, exit code 2, before anything is read or written.</summary>
public sealed class MovingMasksInputTests : IDisposable
{
    private const string Run = """
        train_input: {data_processor: GptHDF5DataProcessor, data_dir: ./no/such/folder/, max_sequence_length: 5, batch_size: 4}
        model: {vocab_size: 100, hidden_size: 8, num_hidden_layers: 3, num_heads: 2, filter_size: 32, max_position_embeddings: 5}
        optimizer: {optimizer_type: AdamW, learning_rate: 1.0e-4}
        runconfig: {max_steps: 100}

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 5}, param_filter: '*.wieght'}",
        "5:64: the glob \"*.wieght\" matches no parameter; it has to match a whole name")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 5}, balance_in_groups: 3}",
        "5:29: 3 groups do not divide the 8 inputs of model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight")]
    [InlineData(
        "{algorithm: set, sparsity: 0.75, update: {freq: 5}, out_groups: 5}",
        "5:28: 5 groups do not divide the 8 outputs of model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.weight")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 10, start: 101}}",
        "5:45: sparsity.update never changes a mask: its first update is after step 101, and the run ends with step 100; "
            + "valid: an update within the run")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {steps: [200]}}",
        "5:45: sparsity.update never changes a mask: its first update is after step 200, and the run ends with step 100; "
            + "valid: an update within the run")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 5, start: 10, stop: 10}}",
        "5:74: sparsity.update.stop is 10, so that masks never change; valid: more than start, 10")]
    [InlineData(
        "{algorithm: gmp, sparsity: {type: linear, init: 0.5, slope: 0.01}, update: {freq: 10}}",
        "5:28: sparsity.sparsity is 1.1 at the update after step 60; valid: from 0 to 1 at every update")]
    [InlineData(
        "{algorithm: gmp, sparsity: 1.5, update: {freq: 10}}",
        "5:28: sparsity.sparsity is 1.5; valid: a number in [0, 1], a list of such numbers, or a schedule: a map with a "
            + "type (constant, linear, exp, power, cosine, cycling)")]
    [InlineData(
        "{algorithm: gmp, sparsity: [0.5, -0.5], update: {freq: 10}}",
        "5:44: sparsity.sparsity[1] is -0.5; valid: a number in [0, 1]")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 5}, drop_fraction: 1.5}",
        "5:64: sparsity.drop_fraction is 1.5; valid: a number in [0, 1], a list of such numbers, or a schedule: a map with "
            + "a type (constant, linear, exp, power, cosine, cycling)")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, update: {freq: 5}, drop_fraction: {type: linear, init: 0.3, slope: 0.02}}",
        "5:64: sparsity.drop_fraction is 1.1 at the update after step 40; valid: from 0 to 1 at every update")]
    [InlineData(
        "{algorithm: rigl, sparsity: 0.75, schedule: {type: constant, value: 0.5}, update: {freq: 5}}",
        "5:45: sparsity.schedule means the same as sparsity, which is given too; give one of them")]
    public async Task It_is_one_line_with_its_place(string sparsity, string expected)
    {
        folder.Write("params.yaml", $"{Run}sparsity: {sparsity}\n");

        ProgramResult validated =
            await ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "params.yaml", "-m", "train", "--validate_only");
        ProgramResult trained = await ProgramProcess.RunAsync(folder.Location, "run", "CPU", "-p", "params.yaml", "-m", "train");

        foreach (ProgramResult result in (ProgramResult[])[validated, trained])
        {
            Assert.Equal($"params.yaml:{expected}{Environment.NewLine}", result.EndsWith(2).Errors);
        }

        Assert.Equal(["params.yaml"], Directory.GetFileSystemEntries(folder.Location).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_command_line_that_ends_a_run_before_its_first_update_is_only_warned_of()
    {
        using TinyRun run = new(sparsity: "{algorithm: gmp, sparsity: 0.75, update: {freq: 5, start: 5}, seed: 11}");

        ProgramResult result = (await run.RunAsync("train", "--max_steps", "3")).EndsWith(0);

        Assert.Contains(
            "WARNING: params.yaml:14:44: sparsity.update never changes a mask: its first update is after step 5, and the run ends with step 3",
            result.Errors, StringComparison.Ordinal);
    }
}
