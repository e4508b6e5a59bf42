using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

/// <summary>sparsify with sections whose masks move, with every method, groups and globs.</summary>
public sealed class MovingMasksSparsifyTests : IDisposable
{
    private const float NaN = float.NaN;

    private const string Rising = "algorithm: gmp, sparsity: [0.25, 0.75], update: {steps: [10, 20]}, init_method: topk, seed: 1";

    private static readonly float[] Elements = [1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12, 13, -14, 15, -16];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(17, null, 4, "")]
    [InlineData(20, null, 12, "")]
    [InlineData(17, 20, 12, "")]
    [InlineData(17, 19, 4, "")]
    [InlineData(9, null, 0, "1 weight stays dense at step 9: the first update is after step 10; --step applies another step's level")]
    [InlineData(null, null, 0, "1 weight stays dense at step 0: the first update is after step 10; --step applies another step's level")]
    [InlineData(null, 10, 4, "")]
    public async Task The_level_is_that_of_the_checkpoints_step_or_of_another_one(int? stored, int? option, int dropped, string warning)
    {
        Write(Elements, stored);
        folder.Write("params.yaml", $"sparsity: {{{Rising}}}");

        ProgramResult result = (await SparsifyAsync(option is { } step ? ["--step", $"{step}"] : [])).EndsWith(0);

        Assert.Equal([.. Elements.Select((value, index) => index < dropped ? NaN : value)], Weight());
        Assert.Contains($"{16 - dropped} of 16 elements of 1 weight kept ({100 * dropped / 16}% zeros)", result.Output, StringComparison.Ordinal);
        Assert.Equal(warning.Length > 0, result.Errors.Contains($"WARNING: {warning}", StringComparison.Ordinal) && result.Errors.Length > 0);
        using CheckpointReader reader = CheckpointReader.Open(folder.File("sparse.mdl"));
        Assert.Equal(stored, reader.State?.Step);
    }

    [Theory]
    [InlineData("{sparsity: 0.9, init_method: from_zeros, seed: 1}")]
    [InlineData("{algorithm: rigl, sparsity: 0.9, update: {freq: 5}, init_method: from_zeros, seed: 1}")]
    public async Task What_is_not_zero_is_kept_and_counted_whatever_the_level_says(string section)
    {
        float[] elements = [0, -2, 0, -0f, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Write(elements, step: null);
        folder.Write("params.yaml", $"sparsity: {section}");

        ProgramResult result = (await SparsifyAsync()).EndsWith(0);

        Assert.Equal([.. elements.Select(value => value == 0 ? NaN : value)], Weight());
        Assert.Contains("3 of 16 elements of 1 weight kept (81% zeros)", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"model\.layer\.weight +4 x 4 +0\.9 +from_zeros(, rigl)? +1 +3 +16", result.Output);
    }

    [Fact]
    public async Task A_weight_without_anything_but_zeros_is_one_that_nothing_is_kept_of()
    {
        Write(new float[16], step: null);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.9, init_method: from_zeros, seed: 1}");

        (await SparsifyAsync()).EndsWith(0);

        using CheckpointReader reader = CheckpointReader.Open(folder.File("sparse.mdl"));
        Assert.Equal("[\"model.layer.weight\"]", reader.Metadata["sparsity.empty"]);
    }

    [Fact]
    public async Task A_weight_that_is_not_sparse_yet_keeps_its_zeros()
    {
        float[] elements = [0, -2, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Write(elements, step: null);
        folder.Write("params.yaml", "sparsity: {algorithm: set, sparsity: 0.9, update: {freq: 5, start: 5}, init_method: from_zeros, seed: 1}");

        (await SparsifyAsync()).EndsWith(0);

        Assert.Equal(elements, Weight());
    }

    [Fact]
    public async Task A_checkerboard_alternates()
    {
        Write(Elements, step: null);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: checkerboard}");

        ProgramResult result = (await SparsifyAsync()).EndsWith(0);

        Assert.Equal([NaN, -2, NaN, -4, 5, NaN, 7, NaN, NaN, -10, NaN, -12, 13, NaN, 15, NaN], Weight());
        Assert.Contains("8 of 16 elements of 1 weight kept (50% zeros)", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in_groups: 2", new float[] { NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, 9, -10, 11, -12, 13, -14, 15, -16 })]
    [InlineData("balance_out_groups: 4", new float[] { NaN, NaN, 3, -4, NaN, NaN, 7, -8, NaN, NaN, 11, -12, NaN, NaN, 15, -16 })]
    public async Task Groups_keep_as_many_each(string groups, float[] expected)
    {
        Write(Elements, step: null);
        folder.Write("params.yaml", $"sparsity: {{sparsity: 0.5, init_method: topk, {groups}}}");

        (await SparsifyAsync()).EndsWith(0);

        Assert.Equal(expected, Weight());
    }

    [Fact]
    public async Task Rows_of_a_block_keep_the_same_columns()
    {
        float[] elements = [1, -9, 0, 5, -7, NaN, 0, 2, 3, 0, -4, 0, 3, 0, 5, 0];
        Write(elements, step: null);
        folder.Write("params.yaml", "sparsity: {sparsity: 0.5, init_method: topk, block_rows: 2}");

        ProgramResult result = (await SparsifyAsync()).EndsWith(0);

        Assert.Equal([1, -9, NaN, 5, -7, 0, NaN, 2, NaN, NaN, -4, NaN, NaN, NaN, 5, NaN], Weight());
        Assert.Contains("8 of 16 elements of 1 weight kept (50% zeros)", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, block_rows: 3}",
        "params.yaml:1:12: block_rows is 3; valid: a divisor of the 4 outputs of model.layer.weight")]
    [InlineData(
        "sparsity: {sparsity: 0.5, init_method: topk, out_groups: 3}",
        "params.yaml:1:12: 3 groups do not divide the 4 outputs of model.layer.weight")]
    [InlineData(
        "sparsity: {sparsity: 0.5, param_filter: '*.wieght'}",
        "params.yaml:1:27: the glob \"*.wieght\" matches no parameter; it has to match a whole name")]
    public async Task What_does_not_fit_the_checkpoint_is_one_line_and_exit_code_2(string yaml, string expected)
    {
        Write(Elements, step: null);
        folder.Write("params.yaml", yaml);

        ProgramResult result = (await SparsifyAsync()).EndsWith(2);

        Assert.Equal(expected + Environment.NewLine, result.Errors);
        Assert.False(File.Exists(folder.File("sparse.mdl")));
    }

    [Fact]
    public async Task A_step_that_is_none_is_one_line()
    {
        ProgramResult result = (await SparsifyAsync("--step", "-1")).EndsWith(2);

        Assert.Contains("--step is \"-1\"; valid: a whole number of at least 0", result.Errors, StringComparison.Ordinal);
    }

    private void Write(float[] elements, int? step) => MdlWriter.Write(
        folder.File("dense.mdl"), [CheckpointFiles.Tensor("model.layer.weight", [4, 4], elements)],
        step is { } done ? CheckpointFiles.State with { Step = done } : null);

    private float[] Weight() => CheckpointFiles.Read(folder.File("sparse.mdl")).Single(tensor => tensor.Name == "model.layer.weight").Elements;

    private Task<ProgramResult> SparsifyAsync(params string[] options) =>
        ProgramProcess.RunAsync(folder.Location, ["sparsify", "-i", "dense.mdl", "-o", "sparse.mdl", "--params", "params.yaml", .. options]);
}
