using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The non-zeros of a matrix in the order in which an accelerator samples a product at them, in its memory.</summary>
/// <remarks>
/// Columns are cut into chunks, and each chunk into shares: consecutive rows whose part of both inputs fits into shared memory. A share's non-zeros
/// are batches of up to four neighbours of one row, two to a thread at a time, of the same row where it has two: what a thread reads of the row
/// serves both.
/// </remarks>
internal sealed class GpuSamples : IDisposable
{
    /// <summary>Columns of a chunk; with 8 bits each, a batch's four are one word.</summary>
    public const int ChunkColumns = 256;

    /// <summary>Most non-zeros of a batch.</summary>
    public const int Batch = 4;

    /// <summary>Batches of a pair.</summary>
    public const int Pair = 2;

    /// <summary>Bits of a pair's first row.</summary>
    public const int RowBits = 16;

    /// <summary>Bits of a column's place in its chunk.</summary>
    public const int PlaceBits = 8;

    // With more than one non-zero in so many places a smaller share has enough of them, and smaller groups wait less for each other.
    private const long SparseFor = 10;

    // Tokens are split among up to 16 groups besides: with fewer large shares some multiprocessors would have none.
    private const int FewestSharesOfCores = 8;

    private readonly GpuBuffer<Int4> shares;
    private readonly GpuBuffer<Int4> pairs;
    private readonly GpuBuffer<int> rows;
    private readonly int columnCount;

    /// <summary>Arranges a matrix.</summary>
    public GpuSamples(GpuDevice device, CsrPattern csr)
    {
        columnCount = csr.ColumnCount;
        IsLarge = device.HasLargeTiles && csr.NonZeros * SparseFor <= (long)csr.Rows * csr.ColumnCount
            && csr.NonZeros >= (long)device.Cores / FewestSharesOfCores * DynamicSampleMemory.Threads * SddmmProduct.ThreadPairs * Pair * Batch;
        int shareRows = IsLarge ? DynamicSampleMemory.Rows : StaticSampleMemory.Rows;
        int shareBatches = SddmmProduct.ThreadPairs * Pair * (IsLarge ? DynamicSampleMemory.Threads : StaticSampleMemory.Threads);
        ChunkSamples[] chunks = new ChunkSamples[(csr.ColumnCount + ChunkColumns - 1) / ChunkColumns];
        Parallel.For(0, chunks.Length, chunk => chunks[chunk] = new ChunkSamples(csr, chunk * ChunkColumns, shareRows, shareBatches));
        pairs = GpuPattern.Upload<Int4>(device, ChunkSamples.Joined(chunks, chunk => chunk.Batches));
        rows = GpuPattern.Upload<int>(device, ChunkSamples.Joined(chunks, chunk => chunk.Rows));
        shares = GpuPattern.Upload<Int4>(device, ChunkSamples.JoinedShares(chunks));
    }

    /// <summary>Whether shares are made for <see cref="DynamicSampleMemory"/>.</summary>
    public bool IsLarge { get; }

    /// <summary>The number of shares.</summary>
    public int Shares => shares.Length - 1;

    /// <summary>Bytes on the device.</summary>
    public long Bytes =>
        (Interop.SizeOf<Int4>() * ((long)shares.Length + pairs.Length)) + (sizeof(int) * (long)rows.Length);

    /// <summary>What kernels read of it.</summary>
    public SampleView View => new(shares.View, pairs.View, rows.View, columnCount);

    public void Dispose()
    {
        shares.Dispose();
        pairs.Dispose();
        rows.Dispose();
    }
}

/// <summary>The order of samples as kernels read it.</summary>
/// <param name="shares">For each share its first batch, first row, number of rows and first column.</param>
/// <param name="pairs">For each batch of a pair its columns' places and the position of its first non-zero.</param>
/// <param name="rows">For each pair its batches' rows in the share.</param>
/// <param name="columns">Columns.</param>
internal readonly struct SampleView(ArrayView<Int4> shares, ArrayView<Int4> pairs, ArrayView<int> rows, int columns)
{
    public Int4 Share(int share) => shares[share];

    public Int4 Pair(int pair) => pairs[pair];

    public int Rows(int pair) => rows[pair];

    /// <summary>Columns of the chunk that begins with this one.</summary>
    public int Width(int firstColumn) => SampleTile.Width(columns, firstColumn);
}
