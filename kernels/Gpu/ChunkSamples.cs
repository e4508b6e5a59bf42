using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The batches of a matrix's non-zeros in one chunk of columns, row by row (<see cref="GpuSamples"/>).</summary>
internal sealed class ChunkSamples
{
    private readonly int firstColumn;
    private int firstRow;
    private int firstBatch;

    /// <summary>Arranges a chunk.</summary>
    /// <param name="csr">The matrix.</param>
    /// <param name="firstColumn">The chunk's first column.</param>
    /// <param name="shareRows">The most rows of a share.</param>
    /// <param name="shareBatches">The most batches of a share.</param>
    public ChunkSamples(CsrPattern csr, int firstColumn, int shareRows, int shareBatches)
    {
        this.firstColumn = firstColumn;
        int lastRow = -1;
        for (int row = 0; row < csr.Rows; row++)
        {
            int start = csr.PositionFrom(row, firstColumn);
            int end = csr.PositionFrom(row, firstColumn + GpuSamples.ChunkColumns);
            int count = (end - start + GpuSamples.Batch - 1) / GpuSamples.Batch;
            if (count == 0)
            {
                continue;
            }

            if (lastRow >= 0 && (row - firstRow >= shareRows || Batches.Count + count - firstBatch > shareBatches))
            {
                Close(lastRow);
                lastRow = -1;
            }

            firstRow = lastRow < 0 ? row : firstRow;
            lastRow = row;
            Add(csr.Columns[start..end], start, row - firstRow);
        }

        if (lastRow >= 0)
        {
            Close(lastRow);
        }
    }

    /// <summary>For each share its first batch, first row, number of rows and first column.</summary>
    public List<Int4> Shares { get; } = [];

    /// <summary>
    /// For each batch the places of its columns, ascending, the last one repeated where there are fewer than four, and its first position.
    /// </summary>
    public List<Int2> Batches { get; } = [];

    /// <summary>For each batch its row in the share.</summary>
    public List<ushort> Rows { get; } = [];

    private void Close(int lastRow)
    {
        Shares.Add(new Int4(firstBatch, firstRow, lastRow - firstRow + 1, firstColumn));
        firstBatch = Batches.Count;
    }

    private void Add(ColumnIndices columns, int position, int row)
    {
        for (int first = 0; first < columns.Length; first += GpuSamples.Batch)
        {
            uint packed = 0;
            for (int i = 0; i < GpuSamples.Batch; i++)
            {
                int column = columns[Math.Min(first + i, columns.Length - 1)];
                packed |= (uint)(column - firstColumn) << (i * GpuSamples.PlaceBits);
            }

            Batches.Add(new Int2((int)packed, position + first));
            Rows.Add((ushort)row);
        }
    }
}
