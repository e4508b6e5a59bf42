using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>How two masks of one weight differ.</summary>
internal static class MaskChange
{
    /// <summary>The number of places that are alive in both.</summary>
    /// <param name="before">One mask's places; null for all.</param>
    /// <param name="after">The other's.</param>
    /// <param name="rows">The weight's rows.</param>
    /// <param name="columns">Its columns.</param>
    public static long Common(CsrPattern? before, CsrPattern? after, int rows, int columns)
    {
        if (before is null || after is null)
        {
            return before?.NonZeros ?? after?.NonZeros ?? (long)rows * columns;
        }

        long common = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<int> first = before.Columns[before.RowPointers[row]..before.RowPointers[row + 1]];
            ReadOnlySpan<int> second = after.Columns[after.RowPointers[row]..after.RowPointers[row + 1]];
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
