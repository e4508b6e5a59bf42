using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The pairs of batches of a matrix's non-zeros in one chunk of columns (<see cref="GpuSamples"/>). Of each batch the places of its columns,
/// ascending, the last one repeated where there are fewer than four, and its first position.
/// </summary>
/// <remarks>
/// A share has the pairs of one row each first, so that a warp meets no others between them; behind them those of what is left over of its rows.
/// The last one may be twice the same batch.
/// </remarks>
internal sealed class ChunkSamples : ChunkShares<Int4>
{
    private readonly int firstColumn;
    private readonly List<(Int2 Batch, int Row)> leftOver = [];

    /// <summary>Arranges a chunk.</summary>
    /// <param name="csr">The matrix.</param>
    /// <param name="firstColumn">The chunk's first column.</param>
    /// <param name="shareRows">The most rows of a share.</param>
    /// <param name="shareBatches">The most batches of a share, two a pair.</param>
    public ChunkSamples(CsrPattern csr, int firstColumn, int shareRows, int shareBatches)
        : base(firstColumn, shareRows, shareBatches)
    {
        this.firstColumn = firstColumn;
        for (int row = 0; row < csr.Rows; row++)
        {
            int start = csr.PositionFrom(row, firstColumn);
            int end = csr.PositionFrom(row, firstColumn + GpuSamples.ChunkColumns);
            int count = (end - start + GpuSamples.Batch - 1) / GpuSamples.Batch;
            if (count > 0)
            {
                Add(csr.Columns[start..end], start, PlaceOf(row, 1, count));
            }
        }

        Close();
    }

    /// <summary>For each pair its rows in the share, the second one's from <see cref="GpuSamples.RowBits"/> on.</summary>
    public List<int> Rows { get; } = [];

    /// <inheritdoc/>
    protected override void Complete()
    {
        for (int first = 0; first < leftOver.Count; first += GpuSamples.Pair)
        {
            int second = Math.Min(first + 1, leftOver.Count - 1);
            AddPair(leftOver[first].Batch, leftOver[first].Row, leftOver[second].Batch, leftOver[second].Row);
        }

        leftOver.Clear();
    }

    private void Add(ColumnIndices columns, int position, int row)
    {
        int first = 0;
        for (; first + GpuSamples.Batch < columns.Length; first += GpuSamples.Pair * GpuSamples.Batch)
        {
            AddPair(BatchAt(columns, first, position), row, BatchAt(columns, first + GpuSamples.Batch, position), row);
        }

        if (first < columns.Length)
        {
            leftOver.Add((BatchAt(columns, first, position), row));
        }
    }

    private Int2 BatchAt(ColumnIndices columns, int first, int position)
    {
        uint packed = 0;
        for (int i = 0; i < GpuSamples.Batch; i++)
        {
            int column = columns[Math.Min(first + i, columns.Length - 1)];
            packed |= (uint)(column - firstColumn) << (i * GpuSamples.PlaceBits);
        }

        return new Int2((int)packed, position + first);
    }

    private void AddPair(Int2 first, int firstRow, Int2 second, int secondRow)
    {
        Batches.Add(new Int4(first.X, first.Y, second.X, second.Y));
        Rows.Add(firstRow | (secondRow << GpuSamples.RowBits));
    }
}
