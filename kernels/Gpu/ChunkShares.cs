namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The batches of a matrix's non-zeros in one chunk of columns, row by row, and their shares: consecutive rows whose part of both inputs fits into
/// shared memory, with no more batches than the threads of a group have room for.
/// </summary>
/// <param name="firstColumn">The chunk's first column.</param>
/// <param name="shareRows">The most rows of a share.</param>
/// <param name="shareBatches">The most batches of a share.</param>
internal abstract class ChunkShares<TBatch>(int firstColumn, int shareRows, int shareBatches)
    where TBatch : unmanaged
{
    private int firstRow;
    private int endRow;
    private int firstBatch;
    private int taken;

    /// <summary>For each share its first batch, first row, number of rows and first column.</summary>
    public List<Int4> Shares { get; } = [];

    /// <summary>The batches.</summary>
    public List<TBatch> Batches { get; } = [];

    /// <summary>What all chunks have in these lists.</summary>
    public static T[] Joined<TChunk, T>(TChunk[] chunks, Func<TChunk, List<T>> items)
        where TChunk : ChunkShares<TBatch>
    {
        T[] joined = new T[chunks.Sum(chunk => items(chunk).Count)];
        int next = 0;
        foreach (TChunk chunk in chunks)
        {
            items(chunk).CopyTo(joined, next);
            next += items(chunk).Count;
        }

        return joined;
    }

    /// <summary>The shares of all chunks, which each count its batches from 0, and behind them the number of batches.</summary>
    public static Int4[] JoinedShares(IEnumerable<ChunkShares<TBatch>> chunks)
    {
        List<Int4> shares = [];
        int firstBatch = 0;
        foreach (ChunkShares<TBatch> chunk in chunks)
        {
            shares.AddRange(chunk.Shares.Select(share => new Int4(firstBatch + share.X, share.Y, share.Z, share.W)));
            firstBatch += chunk.Batches.Count;
        }

        return [.. shares, new Int4(firstBatch, 0, 0, 0)];
    }

    /// <summary>
    /// Where in its share a row lies, or the first of several, before its batches are added; another share begins where they do not fit.
    /// </summary>
    protected int PlaceOf(int row, int rows, int batches)
    {
        if (endRow > 0 && (row + rows - firstRow > shareRows || taken + batches > shareBatches))
        {
            Close();
        }

        firstRow = endRow == 0 ? row : firstRow;
        endRow = row + rows;
        taken += batches;
        return row - firstRow;
    }

    /// <summary>Ends the last share.</summary>
    protected void Close()
    {
        if (endRow > 0)
        {
            Complete();
            Shares.Add(new Int4(firstBatch, firstRow, endRow - firstRow, firstColumn));
            firstBatch = Batches.Count;
            endRow = 0;
            taken = 0;
        }
    }

    /// <summary>Adds what is missing of a share's batches before it ends.</summary>
    protected virtual void Complete()
    {
    }
}
