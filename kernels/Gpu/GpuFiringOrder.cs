using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The order in which an accelerator fires the non-zeros of one orientation of a matrix, in its memory.</summary>
/// <remarks>
/// Rows lie in the scheduler's blocks, and within a block by falling number of non-zeros, so that the rows that a warp works on side by side
/// are about equally long: their places in this order are slots (the row swizzle of Gale et al., 2020: Sparse GPU kernels for deep learning).
/// Columns are cut into chunks whose part of the input fits into shared memory. A slot's non-zeros of one chunk, ascending, are a segment,
/// filled up to whole batches with places that point to a column of zeros.
/// A row with far more non-zeros than the others is split: what is beyond the limit fires in a launch of its own (<see cref="Rest"/>), after the rest
/// of the matrix and in the row's order, so that no team works on while its neighbours are done, and no bit depends on the split.
/// </remarks>
internal sealed class GpuFiringOrder : IDisposable
{
    /// <summary>Columns of a chunk. With the column of zeros they are 192, times 64 tokens of 4 bytes: the 48 KiB of static shared memory.</summary>
    public const int ChunkColumns = 191;

    /// <summary>Non-zeros that are fired together: two packed words of offsets and one vector of values.</summary>
    public const int Batch = 4;

    // A row is long that has more non-zeros than this, and than so many times the mean.
    private const int LongRow = 64;
    private const int LongRowOfMean = 2;

    private readonly GpuBuffer<int> boundaries;
    private readonly GpuBuffer<int> rowOfSlot;
    private readonly GpuBuffer<int> segments;
    private readonly GpuBuffer<Int2> offsets;
    private readonly GpuBuffer<int> positions;

    /// <summary>Arranges a matrix.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="csr">The orientation's rows.</param>
    /// <param name="blocks">The scheduler's blocks of these rows.</param>
    /// <param name="valuePositions">For each non-zero its position in the values of W; empty where that is its own.</param>
    /// <param name="tileVectors">Vectors of tokens of a tile of the input.</param>
    public GpuFiringOrder(GpuDevice device, CsrPattern csr, RowPartition blocks, ReadOnlySpan<int> valuePositions, int tileVectors)
        : this(device, csr, Pieces(csr), blocks.Boundaries, valuePositions, tileVectors)
    {
    }

    private GpuFiringOrder(
        GpuDevice device, CsrPattern csr, RowPiece[] pieces, ReadOnlySpan<int> blocks, ReadOnlySpan<int> valuePositions, int tileVectors)
    {
        Rows = csr.Rows;
        ColumnCount = csr.ColumnCount;
        Chunks = (csr.ColumnCount + ChunkColumns - 1) / ChunkColumns;
        Order(pieces, blocks);
        int[] starts = CountBatches(csr, pieces, Chunks);
        int batches = starts[^1];
        int[] flatPositions = new int[batches * Batch];
        int[] flatOffsets = new int[batches * Batch];
        Array.Fill(flatPositions, -1);
        Array.Fill(flatOffsets, ChunkColumns * tileVectors);
        for (int slot = 0; slot < pieces.Length; slot++)
        {
            int p = pieces[slot].Start;
            int end = pieces[slot].End;
            for (int chunk = 0; chunk < Chunks; chunk++)
            {
                int to = starts[(slot * Chunks) + chunk] * Batch;
                for (; p < end && csr.Columns[p] < (chunk + 1) * ChunkColumns; p++, to++)
                {
                    flatPositions[to] = valuePositions.IsEmpty ? p : valuePositions[p];
                    flatOffsets[to] = (csr.Columns[p] - (chunk * ChunkColumns)) * tileVectors;
                }
            }
        }

        Int2[] packed = new Int2[batches];
        for (int batch = 0; batch < batches; batch++)
        {
            ReadOnlySpan<int> four = flatOffsets.AsSpan(batch * Batch, Batch);
            packed[batch] = new Int2(four[0] | (four[1] << 16), four[2] | (four[3] << 16));
        }

        boundaries = GpuPattern.Upload(device, blocks);
        rowOfSlot = GpuPattern.Upload<int>(device, [.. pieces.Select(piece => piece.Row)]);
        segments = GpuPattern.Upload<int>(device, starts);
        offsets = GpuPattern.Upload<Int2>(device, packed);
        positions = GpuPattern.Upload<int>(device, flatPositions);
        RowPiece[] rest =
        [
            .. pieces.Where(piece => piece.End < csr.RowPointers[piece.Row + 1]).OrderBy(piece => piece.Row)
                .Select(piece => Piece(csr, piece.Row, piece.End)),
        ];
        if (rest.Length > 0)
        {
            // Each a block: they are few, and the longest of all.
            Rest = new GpuFiringOrder(device, csr, rest, [.. Enumerable.Range(0, rest.Length + 1)], valuePositions, tileVectors);
        }
    }

    /// <summary>What long rows have beyond their first piece, or null.</summary>
    public GpuFiringOrder? Rest { get; }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The number of columns.</summary>
    public int ColumnCount { get; }

    /// <summary>The number of chunks of columns.</summary>
    public int Chunks { get; }

    /// <summary>The number of places, those that only fill batches included.</summary>
    public int Places => positions.Length;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (Rest?.Bytes ?? 0)
        + (sizeof(int) * ((long)boundaries.Length + rowOfSlot.Length + segments.Length + positions.Length))
        + (Interop.SizeOf<Int2>() * (long)offsets.Length);

    /// <summary>For each place its position in the values of W, or -1.</summary>
    public ArrayView<int> Positions => positions.View;

    /// <summary>What kernels read of it.</summary>
    public FiringView View => new(boundaries.View, rowOfSlot.View, segments.View, offsets.View, Chunks, ColumnCount);

    /// <summary>The number of the scheduler's blocks.</summary>
    public int Blocks => boundaries.Length - 1;

    public void Dispose()
    {
        Rest?.Dispose();
        boundaries.Dispose();
        rowOfSlot.Dispose();
        segments.Dispose();
        offsets.Dispose();
        positions.Dispose();
    }

    private static RowPiece[] Pieces(CsrPattern csr) => [.. Enumerable.Range(0, csr.Rows).Select(row => Piece(csr, row, csr.RowPointers[row]))];

    private static RowPiece Piece(CsrPattern csr, int row, int start)
    {
        int limit = Math.Max(LongRow, (int)((long)LongRowOfMean * csr.NonZeros / csr.Rows));
        return new RowPiece(row, start, (int)Math.Min((long)start + limit, csr.RowPointers[row + 1]));
    }

    // The longest first; of equally long ones the lower row.
    private static void Order(RowPiece[] pieces, ReadOnlySpan<int> boundaries)
    {
        for (int block = 0; block + 1 < boundaries.Length; block++)
        {
            Span<RowPiece> rows = pieces.AsSpan(boundaries[block]..boundaries[block + 1]);
            rows.Sort((a, b) => b.Length != a.Length ? b.Length.CompareTo(a.Length) : a.Row.CompareTo(b.Row));
        }
    }

    /// <summary>Where each segment starts, in batches; segments lie slot by slot.</summary>
    private static int[] CountBatches(CsrPattern csr, RowPiece[] pieces, int chunks)
    {
        int[] starts = new int[(pieces.Length * chunks) + 1];
        for (int slot = 0; slot < pieces.Length; slot++)
        {
            int p = pieces[slot].Start;
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                int first = p;
                while (p < pieces[slot].End && csr.Columns[p] < (chunk + 1) * ChunkColumns)
                {
                    p++;
                }

                int segment = (slot * chunks) + chunk;
                starts[segment + 1] = starts[segment] + ((p - first + Batch - 1) / Batch);
            }
        }

        return starts;
    }

    /// <summary>Consecutive non-zeros [Start, End) of a row.</summary>
    private readonly record struct RowPiece(int Row, int Start, int End)
    {
        public int Length => End - Start;
    }
}

/// <summary>A firing order as kernels read it.</summary>
/// <param name="boundaries">The scheduler's blocks, as slots.</param>
/// <param name="rowOfSlot">The row of each slot.</param>
/// <param name="segments">Segment (slot, chunk) is the batches [segments[slot x chunks + chunk], the next).</param>
/// <param name="offsets">For each batch, its columns' places in the tile: four 16-bit numbers of vectors.</param>
/// <param name="chunks">Chunks of columns.</param>
/// <param name="columns">Columns.</param>
internal readonly struct FiringView(
    ArrayView<int> boundaries, ArrayView<int> rowOfSlot, ArrayView<int> segments, ArrayView<Int2> offsets, int chunks, int columns)
{
    public readonly ArrayView<Int2> Offsets = offsets;
    public readonly int Chunks = chunks;

    /// <summary>The first slot of a range, where the scheduler's blocks are merged into so many ranges.</summary>
    public int FirstSlot(int range, int ranges) => boundaries[(int)((boundaries.Length - 1) * range / ranges)];

    public int Row(int slot) => rowOfSlot[slot];

    public int Segment(int slot, int chunk) => segments[(slot * Chunks) + chunk];

    /// <summary>Columns of a chunk.</summary>
    public int Width(int chunk)
    {
        int left = columns - (chunk * GpuFiringOrder.ChunkColumns);
        return left < GpuFiringOrder.ChunkColumns ? left : GpuFiringOrder.ChunkColumns;
    }
}
