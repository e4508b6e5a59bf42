using System.Runtime.InteropServices;
using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The non-zeros of a matrix in the order in which an accelerator samples a product at them, in its memory.</summary>
/// <remarks>
/// Columns are cut into chunks, and each chunk into shares: consecutive rows whose part of both inputs fits into shared memory. A share's non-zeros
/// are batches of up to four neighbours of one row, one thread each.
/// </remarks>
internal sealed class GpuSamples : IDisposable
{
    /// <summary>Columns of a chunk; with 8 bits each, a batch's four are one word.</summary>
    public const int ChunkColumns = 256;

    /// <summary>Most non-zeros of a batch.</summary>
    public const int Batch = 4;

    /// <summary>Bits of a column's place in its chunk.</summary>
    public const int PlaceBits = 8;

    // Tokens are split among up to 16 groups besides: with fewer large shares some multiprocessors would have none.
    private const int FewestSharesOfCores = 8;

    private readonly GpuBuffer<Int4> shares;
    private readonly GpuBuffer<Int2> batches;
    private readonly GpuBuffer<ushort> rows;
    private readonly int columnCount;

    /// <summary>Arranges a matrix.</summary>
    public GpuSamples(GpuDevice device, CsrPattern csr)
    {
        columnCount = csr.ColumnCount;
        IsLarge = device.HasLargeTiles
            && csr.NonZeros >= (long)device.Cores / FewestSharesOfCores * DynamicSampleMemory.Threads * SddmmProduct.ThreadBatches * Batch;
        SampleList list = new(
            csr, IsLarge ? DynamicSampleMemory.Rows : StaticSampleMemory.Rows,
            SddmmProduct.ThreadBatches * (IsLarge ? DynamicSampleMemory.Threads : StaticSampleMemory.Threads));
        shares = GpuPattern.Upload<Int4>(device, CollectionsMarshal.AsSpan(list.Shares));
        batches = GpuPattern.Upload<Int2>(device, CollectionsMarshal.AsSpan(list.Batches));
        rows = GpuPattern.Upload<ushort>(device, CollectionsMarshal.AsSpan(list.Rows));
    }

    /// <summary>Whether shares are made for <see cref="DynamicSampleMemory"/>.</summary>
    public bool IsLarge { get; }

    /// <summary>The number of shares.</summary>
    public int Shares => shares.Length - 1;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (Interop.SizeOf<Int4>() * (long)shares.Length) + (Interop.SizeOf<Int2>() * (long)batches.Length) + (sizeof(ushort) * (long)rows.Length);

    /// <summary>What kernels read of it.</summary>
    public SampleView View => new(shares.View, batches.View, rows.View, columnCount);

    public void Dispose()
    {
        shares.Dispose();
        batches.Dispose();
        rows.Dispose();
    }

    /// <summary>The batches of a matrix, chunk by chunk and row by row.</summary>
    private sealed class SampleList
    {
        private int firstRow;
        private int firstBatch;

        public SampleList(CsrPattern csr, int shareRows, int shareBatches)
        {
            int expected = (csr.NonZeros / Batch) + csr.Rows;
            Batches.EnsureCapacity(expected);
            Rows.EnsureCapacity(expected);
            int[] at = [.. csr.RowPointers[..^1]];
            for (int firstColumn = 0; firstColumn < csr.ColumnCount; firstColumn += ChunkColumns)
            {
                int lastRow = -1;
                for (int row = 0; row < csr.Rows; row++)
                {
                    int end = at[row];
                    while (end < csr.RowPointers[row + 1] && csr.Columns[end] < firstColumn + ChunkColumns)
                    {
                        end++;
                    }

                    int count = (end - at[row] + Batch - 1) / Batch;
                    if (count == 0)
                    {
                        continue;
                    }

                    if (lastRow >= 0 && (row - firstRow >= shareRows || Batches.Count + count - firstBatch > shareBatches))
                    {
                        Close(lastRow, firstColumn);
                        lastRow = -1;
                    }

                    firstRow = lastRow < 0 ? row : firstRow;
                    lastRow = row;
                    Add(csr.Columns[at[row]..end], at[row], firstColumn, row - firstRow);
                    at[row] = end;
                }

                if (lastRow >= 0)
                {
                    Close(lastRow, firstColumn);
                }
            }

            Shares.Add(new Int4(Batches.Count, 0, 0, 0));
        }

        /// <summary>For each share its first batch, first row, number of rows and first column; behind them the number of batches.</summary>
        public List<Int4> Shares { get; } = [];

        /// <summary>
        /// For each batch the places of its columns, ascending, the last one repeated where there are fewer than four, and its first position.
        /// </summary>
        public List<Int2> Batches { get; } = [];

        /// <summary>For each batch its row in the share.</summary>
        public List<ushort> Rows { get; } = [];

        private void Close(int lastRow, int firstColumn)
        {
            Shares.Add(new Int4(firstBatch, firstRow, lastRow - firstRow + 1, firstColumn));
            firstBatch = Batches.Count;
        }

        private void Add(ReadOnlySpan<int> columns, int position, int firstColumn, int row)
        {
            for (int first = 0; first < columns.Length; first += Batch)
            {
                uint packed = 0;
                for (int i = 0; i < Batch; i++)
                {
                    int column = columns[Math.Min(first + i, columns.Length - 1)];
                    packed |= (uint)(column - firstColumn) << (i * PlaceBits);
                }

                Batches.Add(new Int2((int)packed, position + first));
                Rows.Add((ushort)row);
            }
        }
    }
}

/// <summary>The order of samples as kernels read it.</summary>
/// <param name="shares">For each share its first batch, first row, number of rows and first column.</param>
/// <param name="batches">For each batch its columns' places and the position of its first non-zero.</param>
/// <param name="rows">For each batch its row in the share.</param>
/// <param name="columns">Columns.</param>
internal readonly struct SampleView(ArrayView<Int4> shares, ArrayView<Int2> batches, ArrayView<ushort> rows, int columns)
{
    public Int4 Share(int share) => shares[share];

    public Int2 Batch(int batch) => batches[batch];

    public int Row(int batch) => rows[batch];

    /// <summary>Columns of the chunk that begins with this one.</summary>
    public int Width(int firstColumn)
    {
        int left = columns - firstColumn;
        return left < GpuSamples.ChunkColumns ? left : GpuSamples.ChunkColumns;
    }
}
