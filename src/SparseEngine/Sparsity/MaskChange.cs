using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>How two masks of one weight differ.</summary>
internal static class MaskChange
{
    /// <summary>The number of places in rows that are alive in both.</summary>
    /// <param name="before">One mask's places; null for all.</param>
    /// <param name="after">The other's.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="endRow">Behind the last.</param>
    /// <param name="columns">The weight's columns.</param>
    public static long Common(CsrPattern? before, CsrPattern? after, int firstRow, int endRow, int columns)
    {
        if (before is null || after is null)
        {
            return (before ?? after) is CsrPattern one
                ? one.RowPointers[endRow] - one.RowPointers[firstRow]
                : (long)(endRow - firstRow) * columns;
        }

        long common = 0;
        for (int row = firstRow; row < endRow; row++)
        {
            ColumnIndices first = before.Columns[before.RowPointers[row]..before.RowPointers[row + 1]];
            ColumnIndices second = after.Columns[after.RowPointers[row]..after.RowPointers[row + 1]];
            int i = 0;
            int j = 0;
            while (i < first.Length && j < second.Length)
            {
                int difference = first[i] - second[j];
                common += difference == 0 ? 1 : 0;
                i += difference <= 0 ? 1 : 0;
                j += difference >= 0 ? 1 : 0;
            }
        }

        return common;
    }
}
