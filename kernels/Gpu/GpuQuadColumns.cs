using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// The order in which an accelerator fires the transpose of a matrix whose rows share their columns four by four: a row of the transpose has quads of
/// the input for columns.
/// </summary>
/// <remarks>
/// Eight rows, neighbours by number of quads, are a bundle, which one warp takes. Of the input's quads, cut into chunks that fit into shared memory,
/// it takes those that any of its rows has: the quad's tokens are read once, and fire for each of these rows. The values, a record for each firing,
/// lie quad by quad and row by row. Long rows are split as <see cref="GpuFiringOrder"/> splits them.
/// </remarks>
internal sealed class GpuQuadColumns : IDisposable
{
    /// <summary>Rows of a bundle.</summary>
    public const int BundleRows = 8;

    private readonly GpuBuffer<int> rows;
    private readonly GpuBuffer<int> ends;
    private readonly GpuBuffer<int> firings;
    private readonly GpuBuffer<int> numbers;

    /// <summary>Arranges a matrix.</summary>
    /// <param name="device">Where it goes.</param>
    /// <param name="transposed">The transpose's rows, with quads for columns.</param>
    /// <param name="numbers">For each of its non-zeros the number of the quad's column.</param>
    public GpuQuadColumns(GpuDevice device, CsrPattern transposed, int[] numbers)
        : this(device, transposed, RowPiece.FirstOf(transposed), numbers)
    {
    }

    private GpuQuadColumns(GpuDevice device, CsrPattern transposed, RowPiece[] pieces, int[] numbers)
    {
        int chunkQuads = InputTile.Columns(device.ChunkColumns, WideTile.LaneVectors) / RowQuads.Rows;
        Chunks = new Chunks(transposed.ColumnCount * RowQuads.Rows, chunkQuads * RowQuads.Rows);
        Bundles = (pieces.Length + BundleRows - 1) / BundleRows;
        RowPiece.Sort(pieces);
        QuadFirings[] bundles = new QuadFirings[Bundles];
        Parallel.For(0, Bundles, bundle =>
        {
            int first = bundle * BundleRows;
            int count = Math.Min(BundleRows, pieces.Length - first);
            bundles[bundle] = new QuadFirings(transposed, pieces.AsSpan(first, count), Chunks.Count, chunkQuads, numbers);
        });

        // With empty bundles behind the last, so that no team of a launch is without one.
        int slots = (Bundles + GroupShapes.MostTeams - 1) * BundleRows;
        rows = GpuPattern.Upload<int>(device, [.. pieces.Select(piece => piece.Row), .. Enumerable.Repeat(-1, slots - pieces.Length)]);
        ends = GpuPattern.Upload<int>(device, EndsOf(bundles, Chunks.Count));
        firings = GpuPattern.Upload<int>(device, [.. bundles.SelectMany(bundle => bundle.Firings), 0]);
        this.numbers = GpuPattern.Upload<int>(device, [.. bundles.SelectMany(bundle => bundle.Numbers)]);
        RowPiece[] rest = RowPiece.After(transposed, pieces);
        if (rest.Length > 0)
        {
            Rest = new GpuQuadColumns(device, transposed, rest, numbers);
        }
    }

    /// <summary>What long rows have beyond their first piece, or null.</summary>
    public GpuQuadColumns? Rest { get; }

    /// <summary>The chunks of the input's rows, whole quads each.</summary>
    public Chunks Chunks { get; }

    /// <summary>The number of bundles that have rows.</summary>
    public int Bundles { get; }

    /// <summary>For each row of the bundles, or -1 where there is none.</summary>
    public ArrayView<int> Rows => rows.View;

    /// <summary>Where the firings of a bundle end in each chunk, behind an entry of nothing.</summary>
    public ArrayView<int> Ends => ends.View;

    /// <summary>Each firing's row and place (<see cref="QuadFirings"/>); one more.</summary>
    public ArrayView<int> Firings => firings.View;

    /// <summary>The number of firings.</summary>
    public int Count => numbers.Length;

    /// <summary>For each firing the number of the quad's column.</summary>
    public ArrayView<int> Numbers => numbers.View;

    /// <summary>Bytes on the device.</summary>
    public long Bytes => (Rest?.Bytes ?? 0) + (sizeof(int) * ((long)rows.Length + ends.Length + firings.Length + numbers.Length));

    public void Dispose()
    {
        Rest?.Dispose();
        rows.Dispose();
        ends.Dispose();
        firings.Dispose();
        numbers.Dispose();
    }

    private static int[] EndsOf(QuadFirings[] bundles, int chunks)
    {
        int[] ends = new int[((bundles.Length + GroupShapes.MostTeams - 1) * chunks) + 1];
        int firing = 0;
        for (int i = 0; i < ends.Length - 1; i++)
        {
            firing += i / chunks < bundles.Length ? bundles[i / chunks].Counts[i % chunks] : 0;
            ends[i + 1] = firing;
        }

        return ends;
    }
}

/// <summary>An order of quads for columns, as kernels read it.</summary>
internal readonly struct QuadColumnsView(GpuQuadColumns order)
{
    public readonly int Bundles = order.Bundles;

    /// <summary>The chunks of the input's rows.</summary>
    public readonly Chunks Chunks = order.Chunks;
    private readonly ArrayView<int> rows = order.Rows, ends = order.Ends, firings = order.Firings;

    /// <summary>The first firing of a bundle.</summary>
    public int First(int bundle) => ends[bundle * Chunks.Count];

    /// <summary>Where the firings of a bundle end in a chunk.</summary>
    public int End(int bundle, int chunk) => ends[(bundle * Chunks.Count) + chunk + 1];

    /// <summary>A firing's row and place.</summary>
    public int Firing(int firing) => firings[firing];

    /// <summary>A row of a bundle, or -1.</summary>
    public int Row(int bundle, int row) => rows[(bundle * GpuQuadColumns.BundleRows) + row];
}
