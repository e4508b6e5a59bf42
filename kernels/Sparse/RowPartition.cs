namespace SparseEngine.Kernels.Sparse;

/// <summary>Consecutive row blocks of a matrix, one per core, with as equal numbers of non-zeros as whole rows allow.</summary>
public sealed class RowPartition
{
    private readonly int[] boundaries;

    private RowPartition(int[] boundaries) => this.boundaries = boundaries;

    /// <summary>The number of blocks; a block may be empty.</summary>
    public int Blocks => boundaries.Length - 1;

    /// <summary>Block b holds the rows [Boundaries[b], Boundaries[b + 1]).</summary>
    public ReadOnlySpan<int> Boundaries => boundaries;

    /// <summary>A partition of fewer blocks, each made of <paramref name="times"/> of these; the last may be of fewer.</summary>
    internal RowPartition Merged(int times)
    {
        int[] merged = new int[((Blocks + times - 1) / times) + 1];
        for (int block = 0; block < merged.Length; block++)
        {
            merged[block] = boundaries[Math.Min(block * times, Blocks)];
        }

        return new RowPartition(merged);
    }

    /// <summary>Splits the rows so that each block's end is the row boundary nearest to its share of the non-zeros.</summary>
    /// <param name="rowPointers">The row pointers of the matrix, rows + 1 of them.</param>
    /// <param name="blocks">The number of blocks, 1 or more.</param>
    public static RowPartition EqualNonZeros(ReadOnlySpan<int> rowPointers, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowPointers.Length, 1, nameof(rowPointers));
        int rows = rowPointers.Length - 1;
        long nonZeros = rowPointers[rows];
        int[] boundaries = new int[blocks + 1];
        int row = 0;
        for (int block = 1; block < blocks; block++)
        {
            long share = nonZeros * block / blocks;
            while (row < rows && Math.Abs(rowPointers[row + 1] - share) <= Math.Abs(rowPointers[row] - share))
            {
                row++;
            }

            boundaries[block] = row;
        }

        boundaries[blocks] = rows;
        return new RowPartition(boundaries);
    }
}
