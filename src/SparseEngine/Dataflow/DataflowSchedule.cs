using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Dataflow;

/// <summary>Which worker fires which non-zeros of a weight: consecutive blocks of about equal non-zeros, in both orientations.</summary>
/// <remarks>
/// A non-zero is one multiply-add per token, so equal non-zeros are equal work. The forward product and the weight's
/// gradient go by rows, the input's gradient by columns; every output element is summed by one worker in a fixed order, so
/// that results do not depend on their number. A row longer than a worker's share stays whole: a GPU splits it by itself.
/// </remarks>
/// <param name="Rows">The blocks of rows (output features).</param>
/// <param name="Columns">The blocks of columns (input features), the rows of the transposed product.</param>
internal sealed record DataflowSchedule(RowPartition Rows, RowPartition Columns)
{
    /// <summary>Shares a weight out.</summary>
    /// <param name="pattern">The weight's pattern.</param>
    /// <param name="workers">The number of workers, 1 or more; some may have nothing to fire.</param>
    public static DataflowSchedule Create(CsrPattern pattern, int workers)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return new DataflowSchedule(
            RowPartition.EqualNonZeros(pattern.RowPointers, workers), RowPartition.EqualNonZeros(pattern.ColumnPointers(), workers));
    }
}
