using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The batches of a matrix's non-zeros in one chunk of columns (<see cref="GpuSamples"/>). Of each batch the places of its columns, ascending, the
/// last one repeated where there are fewer than four, and its first position.
/// </summary>
internal sealed class ChunkSamples : ChunkShares<Int2>
{
    private readonly int firstColumn;

    /// <summary>Arranges a chunk.</summary>
    /// <param name="csr">The matrix.</param>
    /// <param name="firstColumn">The chunk's first column.</param>
    /// <param name="shareRows">The most rows of a share.</param>
    /// <param name="shareBatches">The most batches of a share.</param>
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

    /// <summary>For each batch its row in the share.</summary>
    public List<ushort> Rows { get; } = [];

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
