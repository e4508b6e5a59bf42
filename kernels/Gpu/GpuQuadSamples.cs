using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Where a product is sampled of which rows share their columns four by four, in an accelerator's memory.</summary>
/// <remarks>
/// Chunks and shares are those of <see cref="GpuSamples"/>. A batch is up to eight neighbouring columns of a quad of rows: what a thread reads of
/// a column it multiplies by four rows, and what it reads of a row by eight columns.
/// </remarks>
internal sealed class GpuQuadSamples : IDisposable
{
    /// <summary>Most columns of a batch.</summary>
    public const int Batch = 8;

    /// <summary>Bits of a batch's row in its share; above them is the number of its columns.</summary>
    public const int RowBits = 16;

    // A small weight's shares have no fewer batches than these: beside fewer, loading tiles is what takes the time.
    private const int FewestBatches = 64;

    // Tokens are split among up to 16 groups besides, eight with 2048 of them: with fewer large shares some multiprocessors would have none.
    private const int FewestSharesOfCores = 4;
    private const int Splits = 8;

    private readonly GpuBuffer<Int4> shares;
    private readonly GpuBuffer<Int4> batches;
    private readonly GpuBuffer<int> starts;
    private readonly int columnCount;

    /// <summary>Arranges a matrix.</summary>
    public GpuQuadSamples(GpuDevice device, RowQuads quads)
    {
        columnCount = quads.ColumnCount;
        int full = quads.Columns.Length / Batch;
        IsLarge = device.HasLargeTiles && full >= (long)device.Cores * DynamicSampleMemory.QuadThreads / FewestSharesOfCores;
        int shareRows = IsLarge ? DynamicSampleMemory.Rows : StaticSampleMemory.Rows;
        int shareBatches = IsLarge
            ? DynamicSampleMemory.QuadThreads
            : Math.Clamp((int)((long)full * Splits / (device.Cores * StaticSampleMemory.QuadGroups)), FewestBatches, StaticSampleMemory.QuadThreads);
        quads.BoundsOf(GpuSamples.ChunkColumns);
        ChunkQuadSamples[] chunks = new ChunkQuadSamples[(columnCount + GpuSamples.ChunkColumns - 1) / GpuSamples.ChunkColumns];
        Parallel.For(0, chunks.Length, chunk => chunks[chunk] = ChunkQuadSamples.Of(quads, chunk, shareRows, shareBatches));
        batches = GpuPattern.Upload<Int4>(device, ChunkQuadSamples.Joined(chunks, chunk => chunk.Batches));
        shares = GpuPattern.Upload<Int4>(device, ChunkQuadSamples.JoinedShares(chunks));
        starts = GpuPattern.Upload(device, quads.Starts);
    }

    /// <summary>Whether shares are made for <see cref="DynamicSampleMemory"/>.</summary>
    public bool IsLarge { get; }

    /// <summary>The number of shares.</summary>
    public int Shares => shares.Length - 1;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (Interop.SizeOf<Int4>() * ((long)shares.Length + batches.Length)) + (sizeof(int) * (long)starts.Length);

    /// <summary>What kernels read of it.</summary>
    public QuadSampleView View => new(shares.View, batches.View, starts.View, columnCount);

    public void Dispose()
    {
        shares.Dispose();
        batches.Dispose();
        starts.Dispose();
    }
}

/// <summary>
/// The batches of a pattern's quads in one chunk of columns (<see cref="GpuQuadSamples"/>). Of each batch the places of its columns, two words of
/// four, the last one repeated where there are fewer than eight; its first column's number in the quad; and its first row in the share with, from
/// <see cref="GpuQuadSamples.RowBits"/> on, the number of its columns.
/// </summary>
internal sealed class ChunkQuadSamples : ChunkShares<Int4>
{
    private readonly int firstColumn;

    private ChunkQuadSamples(int firstColumn, int shareRows, int shareBatches)
        : base(firstColumn, shareRows, shareBatches) => this.firstColumn = firstColumn;

    /// <summary>Arranges a chunk.</summary>
    /// <param name="quads">The pattern, which was asked for the bounds of chunks before: they are kept unguarded.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="shareRows">The most rows of a share.</param>
    /// <param name="shareBatches">The most batches of a share.</param>
    public static ChunkQuadSamples Of(RowQuads quads, int chunk, int shareRows, int shareBatches)
    {
        ReadOnlySpan<int> starts = quads.BoundsOf(GpuSamples.ChunkColumns).Slice(chunk * quads.Count, quads.Count);
        ReadOnlySpan<int> ends = quads.BoundsOf(GpuSamples.ChunkColumns).Slice((chunk + 1) * quads.Count, quads.Count);
        int all = 0;
        int most = 0;
        for (int quad = 0; quad < quads.Count; quad++)
        {
            int count = BatchesOf(ends[quad] - starts[quad]);
            all += count;
            most = Math.Max(most, count);
        }

        // All shares of about the same size: a small one at the end would take nearly as long. On average a share ends half a quad before its most.
        int even = (all / Math.Max(1, DivideUp(all, shareBatches))) + (most / 2) + 1;
        int evenRows = RowQuads.Rows * DivideUp(quads.Count, DivideUp(quads.Count, shareRows / RowQuads.Rows));
        ChunkQuadSamples samples = new(chunk * GpuSamples.ChunkColumns, evenRows, Math.Min(shareBatches, even));
        for (int quad = 0; quad < quads.Count; quad++)
        {
            int count = ends[quad] - starts[quad];
            if (count > 0)
            {
                int row = samples.PlaceOf(quad * RowQuads.Rows, RowQuads.Rows, BatchesOf(count));
                samples.Add(quads.Columns.Slice(starts[quad], count), starts[quad] - quads.Starts[quad], row);
            }
        }

        samples.Close();
        return samples;
    }

    private void Add(ReadOnlySpan<int> columns, int number, int row)
    {
        for (int first = 0; first < columns.Length; first += GpuQuadSamples.Batch)
        {
            ulong places = 0;
            for (int i = 0; i < GpuQuadSamples.Batch; i++)
            {
                int column = columns[Math.Min(first + i, columns.Length - 1)];
                places |= (ulong)(column - firstColumn) << (i * GpuSamples.PlaceBits);
            }

            int count = Math.Min(GpuQuadSamples.Batch, columns.Length - first);
            Batches.Add(new Int4((int)places, (int)(places >> 32), number + first, row | (count << GpuQuadSamples.RowBits)));
        }
    }

    private static int BatchesOf(int columns) => DivideUp(columns, GpuQuadSamples.Batch);

    private static int DivideUp(int count, int size) => (count + size - 1) / size;
}

/// <summary>The order of quads' samples as kernels read it.</summary>
/// <param name="shares">For each share its first batch, first row, number of rows and first column.</param>
/// <param name="batches">The batches.</param>
/// <param name="starts">For each quad where its columns start, and behind them their number.</param>
/// <param name="columns">Columns.</param>
internal readonly struct QuadSampleView(ArrayView<Int4> shares, ArrayView<Int4> batches, ArrayView<int> starts, int columns)
{
    public Int4 Share(int share) => shares[share];

    public Int4 Batch(int batch) => batches[batch];

    /// <summary>Where the columns of the quad that begins with this row start.</summary>
    public int Start(int row) => starts[row / RowQuads.Rows];

    /// <summary>Where they end.</summary>
    public int End(int row) => starts[(row / RowQuads.Rows) + 1];

    /// <summary>Columns of the chunk that begins with this one.</summary>
    public int Width(int firstColumn) => SampleTile.Width(columns, firstColumn);
}
