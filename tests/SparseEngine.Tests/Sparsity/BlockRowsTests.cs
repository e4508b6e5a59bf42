using SparseEngine.Configuration;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

/// <summary>Masks in blocks of rows, held to those of a weight that has a row for each block.</summary>
public sealed class BlockRowsTests
{
    private const float NaN = float.NaN;

    [Theory]
    [InlineData(4, 32, 17, 0.75)]
    [InlineData(4, 12, 5, 0.5)]
    [InlineData(3, 9, 7, 0.3)]
    [InlineData(8, 8, 63, 0.9)]
    [InlineData(4, 8, 1, 0.5)]
    public void A_random_mask_is_that_of_a_row_for_each_block_repeated(int blockRows, int rows, int columns, double sparsity)
    {
        bool[] mask = Select(Settings(SparsityMethod.Random, rows, columns, sparsity, blockRows), new float[rows * columns]).Keep;

        bool[] reduced = Select(
            Settings(SparsityMethod.Random, rows / blockRows, columns, sparsity), new float[rows / blockRows * columns]).Keep;
        Assert.Equal(reduced.Chunk(columns).SelectMany(row => Enumerable.Repeat(row, blockRows)).SelectMany(row => row), mask);
    }

    [Fact]
    public void A_magnitude_mask_goes_by_the_sums_of_blocks()
    {
        // Sums of magnitudes: 3, 4, 2.5 and 6, 0.5, 4.5.
        float[] weight = [1, -4, 2.5f, -2, 0, 0, 3, 0.5f, -4, 3, 0, -0.5f];

        Assert.Equal("010/010/101/101", Show(Select(Settings(SparsityMethod.TopK, 4, 3, 0.5, blockRows: 2), weight), columns: 3));
    }

    [Fact]
    public void Equal_sums_go_to_the_lowest_index() =>
        Assert.Equal("110/110", Show(Select(Settings(SparsityMethod.TopK, 2, 3, 0.4, blockRows: 2), [1, 2, 3, 2, -1, 0]), columns: 3));

    [Fact]
    public void Sums_beyond_all_numbers_are_the_largest_of_all() =>
        Assert.Equal("10/10", Show(Select(Settings(SparsityMethod.TopK, 2, 2, 0.5, blockRows: 2), [3e38f, 1, -3e38f, 1]), columns: 2));

    [Theory]
    [InlineData(12, 5, 4, 0.5)]
    [InlineData(12, 5, 4, 0.3)]
    [InlineData(10, 7, 2, 0.35)]
    [InlineData(9, 1, 3, 0.5)]
    [InlineData(4, 10, 4, 0.25)]
    [InlineData(4, 4, 4, 0.9)]
    [InlineData(6, 5, 3, 0)]
    public void As_many_are_kept_as_the_plan_says(int rows, int columns, int blockRows, double sparsity)
    {
        WeightSparsity planned = Settings(SparsityMethod.Random, rows, columns, sparsity, blockRows);

        Assert.Equal(blockRows * MaskSelector.KeptCount(rows / blockRows * columns, sparsity), planned.Kept);
        Assert.Equal(planned.Kept, Select(planned, new float[rows * columns]).Kept);
    }

    [Fact]
    public void Half_of_a_block_rounds_to_even()
    {
        // 10 blocks of 4: 2.5 of them are 2 zeros, 3.5 are 4.
        Assert.Equal(32, Settings(SparsityMethod.TopK, 4, 10, 0.25, blockRows: 4).Kept);
        Assert.Equal(24, Settings(SparsityMethod.TopK, 4, 10, 0.35, blockRows: 4).Kept);
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void Blocks_of_which_nothing_is_left_come_last(SparsityMethod method)
    {
        float[] weight = [NaN, 0, NaN, 0.25f, NaN, 0, float.PositiveInfinity, NaN];

        SparsityMask half = Select(Settings(method, 2, 4, 0.5, blockRows: 2), weight);
        Assert.Equal("0101/0101", Show(half, columns: 4));
        Assert.Equal([7], half.Regrown);

        SparsityMask more = Select(Settings(method, 2, 4, 0.25, blockRows: 2), weight);
        Assert.Equal((6, 3), (more.Kept, more.RegrownCount));
        Assert.True(more.Keep[1] && more.Keep[3] && more.Keep[5] && more.Keep[7]);
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void The_same_level_again_changes_nothing_whatever_the_seed(SparsityMethod method)
    {
        float[] weight = [.. Enumerable.Range(0, 16 * 9).Select(k => ((7 * k % 13) - 6) / 8f)];
        SparsityMask first = Select(Settings(method, 16, 9, 0.6, blockRows: 4), weight);
        first.Apply(weight);

        SparsityMask again = Select(Settings(method, 16, 9, 0.6, blockRows: 4, seed: 77), weight);
        Assert.Equal(first.Keep, again.Keep);
        Assert.Equal(0, again.RegrownCount);
    }

    [Theory]
    [InlineData(SparsityMethod.Random)]
    [InlineData(SparsityMethod.TopK)]
    public void A_run_starts_with_the_same_mask_after_any_step(SparsityMethod method)
    {
        float[] weight = [.. Enumerable.Range(0, 8 * 6).Select(k => ((7 * k % 13) - 6) / 8f)];
        WeightSparsity planned = Settings(method, 8, 6, 0.5, blockRows: 4);

        Assert.Equal(Select(planned, weight).Keep, StartingMask.Marked(planned, step: 0, weight));
        Assert.Equal(Select(planned, weight).Keep, StartingMask.Marked(planned, step: 5, weight));
    }

    [Fact]
    public void Rows_that_blocks_do_not_divide_are_refused_with_the_groups_place()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Settings(SparsityMethod.Random, 6, 4, 0.5, blockRows: 4));

        Assert.Equal("params.yaml:9:7: block_rows is 4; valid: a divisor of the 6 outputs of w", error.Message);
    }

    private static SparsityMask Select(WeightSparsity settings, float[] weight) => MaskSelector.Select(settings, weight);

    private static WeightSparsity Settings(SparsityMethod method, int rows, int columns, double sparsity, int blockRows = 1, int seed = 1234)
    {
        SparsityGroup group = new(null, sparsity, method, seed, "params.yaml:9:7") { BlockRows = blockRows };
        SparsityParameters parameters = new() { Selection = SparsitySelection.Default, Groups = [group] };
        return SparsityPlan.Create(parameters, [new NamedShape("b", [2]), new NamedShape("w", [rows, columns])]).Weights.Single();
    }

    private static string Show(SparsityMask mask, int columns) =>
        string.Join('/', mask.Keep.Chunk(columns).Select(row => string.Concat(row.Select(keep => keep ? '1' : '0'))));
}
