using SparseEngine.Kernels.Sparse;

namespace SparseEngine.GpuBenchmarks;

/// <summary>Random zeros.</summary>
internal static class RandomMask
{
    /// <summary>A pattern with a share of zeros.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="zeros">Zeros in percent.</param>
    /// <param name="blockRows">Rows that share their zeros.</param>
    /// <param name="random">Where they come from.</param>
    public static CsrPattern Create(int rows, int columns, int zeros, int blockRows, Random random)
    {
        bool[] keep = new bool[checked(rows * columns)];
        for (int block = 0; block < rows; block += blockRows)
        {
            Span<bool> first = keep.AsSpan(block * columns, columns);
            for (int column = 0; column < columns; column++)
            {
                first[column] = random.Next(100) >= zeros;
            }

            for (int row = block + 1; row < Math.Min(block + blockRows, rows); row++)
            {
                first.CopyTo(keep.AsSpan(row * columns, columns));
            }
        }

        return CsrPattern.FromMask(rows, columns, keep);
    }
}
