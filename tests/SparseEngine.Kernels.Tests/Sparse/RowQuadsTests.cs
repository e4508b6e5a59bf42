using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Sparse;

public class RowQuadsTests
{
    [Fact]
    public void Rows_that_share_their_columns_four_by_four_are_quads()
    {
        RowQuads quads = Of("1011", "1011", "1011", "1011", "0000", "0000", "0000", "0000", "0100", "0100", "0100", "0100")!;

        Assert.Equal((3, 4), (quads.Count, quads.ColumnCount));
        Assert.Equal([0, 3, 3, 4], quads.Starts);
        Assert.Equal([0, 2, 3, 1], quads.Columns);
    }

    [Theory]
    [InlineData("a row that has another column", "1011", "1011", "1101", "1011")]
    [InlineData("a row that has one more", "1010", "1010", "1010", "1011")]
    [InlineData("three rows", "1011", "1011", "1011")]
    [InlineData("a row left over", "1011", "1011", "1011", "1011", "1011")]
    [InlineData("fours that begin elsewhere", "0100", "1011", "1011", "1011", "1011", "0100", "0100", "0100")]
    [InlineData("no rows")]
    public void Others_are_not(string what, params string[] rows) => Assert.True(Of(rows) is null, what);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(40)]
    public void Parts_hold_every_quad_once(int parts)
    {
        // Quads of 0 to 12 columns.
        RowQuads quads = Of([.. Enumerable.Range(0, 4 * 13).Select(row => new string('1', row / 4).PadRight(12, '0'))])!;

        int next = 0;
        for (int part = 0; part < parts; part++)
        {
            (int first, int end) = quads.Cut(part, parts);
            Assert.Equal(next, first);
            Assert.InRange(end, first, quads.Count);
            next = end;
        }

        Assert.Equal(quads.Count, next);
    }

    private static RowQuads? Of(params string[] rows)
    {
        int columns = rows.Length == 0 ? 4 : rows[0].Length;
        return RowQuads.Of(CsrPattern.FromMask(rows.Length, columns, [.. rows.SelectMany(row => row.Select(element => element == '1'))]));
    }
}
