using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Sparse;

public class CsrPatternTests
{
    [Fact]
    public void A_mask_becomes_rows_of_ascending_columns()
    {
        CsrPattern pattern = CsrPattern.FromMask(3, 4, [true, false, false, true, false, false, false, false, false, true, true, true]);
        Assert.Equal([0, 2, 2, 5], pattern.RowPointers);
        Assert.Equal([0, 3, 1, 2, 3], pattern.Columns.ToArray());
        Assert.Equal((3, 4, 5), (pattern.Rows, pattern.ColumnCount, pattern.NonZeros));
    }

    [Fact]
    public void Column_pointers_count_the_non_zeros_before_each_column()
    {
        CsrPattern pattern = CsrPattern.FromMask(3, 4, [true, false, false, true, false, false, false, false, false, true, false, true]);
        Assert.Equal([0, 1, 2, 2, 4], pattern.ColumnPointers());
        Assert.Equal([0], CsrPattern.FromMask(3, 0, []).ColumnPointers());
    }

    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void Columns_are_the_same_with_16_bits_and_with_more(int columnCount)
    {
        int[] columns = [0, 7, 32_768, columnCount - 1, 1, columnCount - 2];
        CsrPattern given = new(2, columnCount, [0, 4, 6], columns);
        bool[] keep = new bool[2 * columnCount];
        for (int p = 0; p < columns.Length; p++)
        {
            keep[(p / 4 * columnCount) + columns[p]] = true;
        }

        CsrPattern pattern = CsrPattern.FromMask(2, columnCount, keep);

        Assert.Equal(columns, given.Columns.ToArray());
        Assert.Equal(columns, pattern.Columns.ToArray());
        Assert.Equal(columns.Length, pattern.Columns.Length);
        int next = 0;
        foreach (int column in pattern.Columns)
        {
            Assert.Equal(columns[next++], column);
        }

        Assert.Equal(32_768, pattern.Columns[1..4][1]);
        int[] from = [0, 8, columnCount - 1, columnCount];
        Assert.Equal([0, 2, 3, 4], from.Select(column => pattern.PositionFrom(0, column)));
        float[] values = new float[6];
        float[] dense = new float[2 * columnCount];
        pattern.Scatter([1, 2, 3, 4, 5, 6], dense, float.NaN);
        pattern.Gather(dense, values);
        Assert.Equal([1, 2, 3, 4, 5, 6], values);
        Assert.Equal(6, dense.Count(value => !float.IsNaN(value)));
    }

    [Fact]
    public void Gather_and_scatter_are_inverse()
    {
        CsrPattern pattern = new(2, 3, [0, 2, 3], [0, 2, 1]);
        float[] values = new float[3];
        pattern.Gather([1, 2, 3, 4, 5, 6], values);
        Assert.Equal([1, 3, 5], values);
        float[] dense = new float[6];
        pattern.Scatter(values, dense, float.NaN);
        Assert.Equal([1, float.NaN, 3, float.NaN, 5, float.NaN], dense);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        CsrPattern pattern = new(2, 3, [0, 2, 3], [0, 2, 1]);
        Assert.Throws<ArgumentException>(() => pattern.Gather(new float[5], new float[3]));
        Assert.Throws<ArgumentException>(() => pattern.Gather(new float[6], new float[2]));
        Assert.Throws<ArgumentException>(() => pattern.Scatter(new float[4], new float[6], 0));
        Assert.Throws<ArgumentException>(() => CsrPattern.FromMask(2, 3, new bool[5]));
    }

    public static TheoryData<int, int, int[], int[]> BrokenPatterns => new()
    {
        { 2, 3, [0, 1], [0] },
        { 2, 3, [1, 1, 1], [0] },
        { 2, 3, [0, 1, 1], [0, 1] },
        { 2, 3, [0, 5, 2], [0, 1] },
        { 2, 3, [0, -1, 2], [0, 1] },
        { 1, 3, [0, 2], [1, 1] },
        { 1, 3, [0, 2], [2, 1] },
        { 1, 3, [0, 1], [3] },
        { 1, 3, [0, 1], [-1] },
        { -1, 3, [], [] },
    };

    [Theory]
    [MemberData(nameof(BrokenPatterns))]
    public void Arrays_that_are_no_pattern_are_refused(int rows, int columnCount, int[] rowPointers, int[] columns) =>
        Assert.ThrowsAny<ArgumentException>(() => new CsrPattern(rows, columnCount, rowPointers, columns));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    public void A_pattern_may_have_no_rows_or_no_columns(int rows, int columnCount)
    {
        CsrPattern pattern = CsrPattern.FromMask(rows, columnCount, []);
        Assert.Equal((rows + 1, 0), (pattern.RowPointers.Length, pattern.NonZeros));
    }
}
