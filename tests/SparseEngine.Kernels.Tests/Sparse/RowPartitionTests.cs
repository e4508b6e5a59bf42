using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Sparse;

public class RowPartitionTests
{
    [Theory]
    [InlineData(new[] { 0, 10, 20, 30, 40 }, 2, new[] { 0, 2, 4 })]
    [InlineData(new[] { 0, 90, 92, 94, 100 }, 2, new[] { 0, 1, 4 })]
    [InlineData(new[] { 0, 4, 8 }, 4, new[] { 0, 1, 1, 2, 2 })]
    [InlineData(new[] { 0, 0, 0, 0 }, 2, new[] { 0, 3, 3 })]
    [InlineData(new[] { 0 }, 3, new[] { 0, 0, 0, 0 })]
    public void Blocks_end_at_the_row_nearest_to_their_share(int[] rowPointers, int blocks, int[] boundaries)
    {
        RowPartition partition = RowPartition.EqualNonZeros(rowPointers, blocks);
        Assert.Equal(boundaries, partition.Boundaries);
        Assert.Equal(blocks, partition.Blocks);
    }

    [Theory]
    [InlineData(1, new[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData(2, new[] { 0, 2, 4, 5 })]
    [InlineData(5, new[] { 0, 5 })]
    [InlineData(9, new[] { 0, 5 })]
    public void Blocks_are_merged_with_their_neighbours(int times, int[] boundaries) =>
        Assert.Equal(boundaries, RowPartition.EqualNonZeros([0, 2, 4, 6, 8, 10], 5).Merged(times).Boundaries.ToArray());

    [Fact]
    public void No_block_is_off_its_share_by_more_than_a_row()
    {
        CsrPattern pattern = new Inputs(1).Pattern(200, 300, 0.9);
        ReadOnlySpan<int> pointers = pattern.RowPointers;
        int longest = 0;
        for (int row = 0; row < pattern.Rows; row++)
        {
            longest = Math.Max(longest, pointers[row + 1] - pointers[row]);
        }

        foreach (int blocks in new[] { 1, 2, 3, 7, 64 })
        {
            ReadOnlySpan<int> boundaries = RowPartition.EqualNonZeros(pointers, blocks).Boundaries;
            for (int block = 0; block < blocks; block++)
            {
                double share = (double)pattern.NonZeros / blocks;
                Assert.InRange(pointers[boundaries[block + 1]] - pointers[boundaries[block]], share - longest - 1, share + longest + 1);
            }
        }
    }

    [Fact]
    public void There_is_at_least_one_block() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RowPartition.EqualNonZeros([0, 1], 0));
}
