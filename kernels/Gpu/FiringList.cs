using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

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
    private readonly FiringShape shape;
    private readonly int[]? valuePositions;

    /// <param name="csr">The rows.</param>
    /// <param name="pieces">What of them fires.</param>
    /// <param name="slots">Rows of all bundles, those without a piece included.</param>
    /// <param name="chunks">Chunks of columns.</param>
    /// <param name="chunkColumns">Columns of a chunk.</param>
    /// <param name="shape">How batches lie.</param>
    /// <param name="valuePositions">For each non-zero its position in the values of W; null where that is its own.</param>
    public FiringList(CsrPattern csr, RowPiece[] pieces, int slots, int chunks, int chunkColumns, FiringShape shape, int[]? valuePositions)
    {
        this.csr = csr;
        this.pieces = pieces;
        this.chunks = chunks;
        this.shape = shape;
        this.valuePositions = valuePositions;
        chunkWidth = chunkColumns;
        Ends = new int[(slots * chunks) + 1];
        Parallel.For(0, pieces.Length, Count);
        for (int i = 1; i < Ends.Length; i++)
        {
            Ends[i] += Ends[i - 1];
        }

        Places = new int[Ends[^1]];
        Positions = new int[Places.Length * shape.Batch];
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
            Ends[At(slot, chunk) + 1] = (end - p + shape.Batch - 1) / shape.Batch;
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
            for (int i = 0; i < shape.Batch; i++)
            {
                bool inside = p < end;
                packed |= (inside ? columns[p] - firstColumn + 1 : InputTile.Zeros) * shape.PlaceStride << (i * shape.PlaceBits);
                Positions[(batch * shape.Batch) + i] = !inside ? -1 : valuePositions is null ? p : valuePositions[p];
                p += inside ? 1 : 0;
            }

            Places[batch] = packed;
        }
    }

    // Behind the non-zeros of a piece, from p on, that lie in a chunk.
    private int EndOf(RowPiece piece, int chunk, int p) => Math.Clamp(csr.PositionFrom(piece.Row, (chunk + 1) * chunkWidth), p, piece.End);

    private int At(int slot, int chunk)
    {
        (int bundle, int row) = Math.DivRem(slot, shape.BundleRows);
        return (((bundle * chunks) + chunk) * shape.BundleRows) + row;
    }
}
