using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow;

public class DataflowSchedulerTests
{
    [Fact]
    public void Rows_and_columns_are_split_by_their_non_zeros()
    {
        // Row 0 has four non-zeros, rows 1 to 4 one each; column 3 has four, the others one or two.
        CsrPattern pattern = CsrPattern.FromMask(5, 4,
        [
            true, true, true, true,
            false, false, false, true,
            false, false, false, true,
            true, false, false, false,
            false, false, false, true,
        ]);

        Assert.Equal([0, 1, 5], DataflowScheduler.PartitionRows(pattern, cores: 2).Boundaries.ToArray());
        Assert.Equal([0, 3, 4], DataflowScheduler.PartitionColumns(pattern, cores: 2).Boundaries.ToArray());
    }

    [Fact]
    public void Every_row_and_column_belongs_to_one_core_even_where_cores_outnumber_them()
    {
        CsrPattern pattern = CsrPattern.FromMask(2, 3, [true, false, true, false, false, false]);

        AssertCovers(DataflowScheduler.PartitionRows(pattern, cores: 7), blocks: 7, end: 2);
        AssertCovers(DataflowScheduler.PartitionColumns(pattern, cores: 7), blocks: 7, end: 3);
    }

    private static void AssertCovers(RowPartition partition, int blocks, int end)
    {
        int[] boundaries = partition.Boundaries.ToArray();
        Assert.Equal(blocks, partition.Blocks);
        Assert.Equal(0, boundaries[0]);
        Assert.Equal(end, boundaries[^1]);
        Assert.Equal(boundaries.Order(), boundaries);
    }
}
