using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

public sealed class CheckerboardTests
{
    [Fact]
    public void Half_is_a_checkerboard() => Assert.Equal(
        [
            ".X.X.X",
            "X.X.X.",
            ".X.X.X",
        ],
        Rows(3, 6, 0.5));

    [Fact]
    public void A_quarter_steps_three_places_a_row() => Assert.Equal(
        [
            "...X...X",
            "X...X...",
            ".X...X..",
            "..X...X.",
        ],
        Rows(4, 8, 0.75));

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(17, 63, 0)]
    [InlineData(17, 63, 0.3)]
    [InlineData(63, 17, 0.9)]
    [InlineData(5, 7, 0.99)]
    [InlineData(5, 7, 1)]
    public void The_count_is_that_of_the_mask_and_near_the_level(int rows, int columns, double sparsity)
    {
        bool[] keep = new bool[rows * columns];

        Checkerboard.Mark([rows, columns], sparsity, keep);

        Assert.Equal(keep.Count(kept => kept), Checkerboard.Count([rows, columns], sparsity));
        Assert.InRange(keep.Count(kept => kept), ((1 - sparsity) * keep.Length) - rows, ((1 - sparsity) * keep.Length) + rows);
    }

    private static string[] Rows(int rows, int columns, double sparsity)
    {
        bool[] keep = new bool[rows * columns];
        Checkerboard.Mark([rows, columns], sparsity, keep);
        return [.. keep.Chunk(columns).Select(row => string.Concat(row.Select(kept => kept ? 'X' : '.')))];
    }
}
