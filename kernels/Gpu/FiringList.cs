using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Consecutive non-zeros [Start, End) of a row.</summary>
internal readonly record struct RowPiece(int Row, int Start, int End)
{
    /// <summary>Their number.</summary>
    public int Length => End - Start;
}

/// <summary>
/// The batches of pieces of rows, bundle by bundle, chunk by chunk and row by row (<see cref="GpuFiringOrder"/>). Pieces are counted, and then filled
/// in, side by side on the host's cores.
/// </summary>
internal sealed class FiringList
{
    private readonly CsrPattern csr;
    private readonly RowPiece[] pieces;
    private readonly int chunks;
    private readonly int chunkWidth;
    private readonly int[]? valuePositions;

    /// <param name="csr">The rows.</param>
    /// <param name="pieces">What of them fires.</param>
    /// <param name="slots">Rows of all bundles, those without a piece included.</param>
    /// <param name="chunks">Chunks of columns.</param>
    /// <param name="chunkColumns">Columns of a chunk.</param>
    /// <param name="valuePositions">For each non-zero its position in the values of W; null where that is its own.</param>
    public FiringList(CsrPattern csr, RowPiece[] pieces, int slots, int chunks, int chunkColumns, int[]? valuePositions)
    {
        this.csr = csr;
        this.pieces = pieces;
        this.chunks = chunks;
        this.valuePositions = valuePositions;
        chunkWidth = chunkColumns;
        Ends = new int[(slots * chunks) + 1];
        Parallel.For(0, pieces.Length, Count);
        for (int i = 1; i < Ends.Length; i++)
        {
            Ends[i] += Ends[i - 1];
        }

        Places = new int[Ends[^1]];
        Positions = new int[Places.Length * GpuFiringOrder.Batch];
        Parallel.For(0, pieces.Length, Fill);
    }

    /// <summary>Where the batches of each bundle's rows end in each chunk, behind an entry of nothing.</summary>
    public int[] Ends { get; }

    /// <summary>For each batch, its columns' places in the tile.</summary>
    public int[] Places { get; }

    /// <summary>For each non-zero of each batch its position in the values of W, or -1.</summary>
    public int[] Positions { get; }

    private void Count(int slot)
    {
        int p = pieces[slot].Start;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int end = EndOf(pieces[slot], chunk, p);
            Ends[At(slot, chunk) + 1] = (end - p + GpuFiringOrder.Batch - 1) / GpuFiringOrder.Batch;
            p = end;
        }
    }

    private void Fill(int slot)
    {
        int p = pieces[slot].Start;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int end = EndOf(pieces[slot], chunk, p);
            Fill(Ends[At(slot, chunk)], p, end, chunk * chunkWidth);
            p = end;
        }
    }

    /// <summary>Fills the batches from one on with the non-zeros [p, end), of a chunk that begins with a column.</summary>
    private void Fill(int batch, int p, int end, int firstColumn)
    {
        ColumnIndices columns = csr.Columns;
        for (; p < end; batch++)
        {
            int packed = 0;
            for (int i = 0; i < GpuFiringOrder.Batch; i++)
            {
                bool inside = p < end;
                packed |= (inside ? columns[p] - firstColumn + 1 : InputTile.Zeros) << (i * GpuFiringOrder.PlaceBits);
                Positions[(batch * GpuFiringOrder.Batch) + i] = !inside ? -1 : valuePositions is null ? p : valuePositions[p];
                p += inside ? 1 : 0;
            }

            Places[batch] = packed;
        }
    }

    // Behind the non-zeros of a piece, from p on, that lie in a chunk.
    private int EndOf(RowPiece piece, int chunk, int p) => Math.Clamp(csr.PositionFrom(piece.Row, (chunk + 1) * chunkWidth), p, piece.End);

    private int At(int slot, int chunk)
    {
        (int bundle, int row) = Math.DivRem(slot, GpuFiringOrder.BundleRows);
        return (((bundle * chunks) + chunk) * GpuFiringOrder.BundleRows) + row;
    }
}
