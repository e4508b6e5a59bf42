using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The firing orders of a matrix whose rows share their columns four by four (<see cref="RowQuads"/>), in an accelerator's memory.</summary>
/// <remarks>
/// An element of them is a quad's column: four values, one 16-byte record when they are fired. It has a number, by quads and in each by columns.
/// </remarks>
internal sealed class GpuQuads : IDisposable
{
    /// <summary>Quads of a bundle of the forward product: with their four rows each as many as of scattered non-zeros.</summary>
    public const int BundleQuads = GpuFiringOrder.BundleRows / RowQuads.Rows;

    /// <summary>Columns of a quad that are fired together.</summary>
    public const int Batch = 2;

    /// <summary>Bits of a column's place in the tile of its chunk, or of a sum's: how far it lies from the first.</summary>
    public const int PlaceBits = 16;

    // Fewer rows of a range are not worth their reading of all the input.
    private const int FewestRangeRows = 4;

    // Cycles of the shared memory's pipe for each column of a quad, and for each quad of the input.
    private const double CyclesOfColumn = 9.5;
    private const double CyclesOfQuad = 21;

    private readonly GpuDevice device;
    private readonly CsrPattern transposed;
    private readonly int[] numbers;
    private readonly GpuBuffer<Int2> values;

    // By their ranges' rows, and the last one asked for.
    private readonly Dictionary<int, GpuQuadColumns> columns = [];
    private (int Tiles, GpuQuadColumns Order)? last;

    /// <summary>Arranges a matrix.</summary>
    public GpuQuads(GpuDevice device, RowQuads quads)
    {
        CsrPattern folded = quads.Folded;
        this.device = device;
        (transposed, numbers) = device.Transpose(folded);
        Forward = new GpuFiringOrder(device, folded, valuePositions: null, FiringShape.Quads);
        values = GpuPattern.Upload<Int2>(device, ValuesOf(quads));
    }

    /// <summary>W: rows of output features, four by four.</summary>
    public GpuFiringOrder Forward { get; }

    /// <summary>Bytes on the device.</summary>
    public long Bytes => Forward.Bytes + columns.Values.Sum(order => order.Bytes) + (Interop.SizeOf<Int2>() * (long)values.Length);

    /// <summary>
    /// The transpose: rows of input features, with quads for columns. What a launch takes least time with, by its ranges: large ones read less of the
    /// input, small ones keep all multiprocessors busy. Made when first asked for.
    /// </summary>
    /// <param name="tiles">Tiles of tokens.</param>
    /// <param name="teams">Teams that work at the same time.</param>
    /// <param name="mostRows">The most rows that a range has room for.</param>
    public GpuQuadColumns Transposed(int tiles, int teams, int mostRows)
    {
        if (last is { } known && known.Tiles == tiles)
        {
            return known.Order;
        }

        int rangeRows = RangeRows(tiles, teams, mostRows);
        if (!columns.TryGetValue(rangeRows, out GpuQuadColumns? order))
        {
            order = new GpuQuadColumns(device, transposed, numbers, rangeRows);
            columns.Add(rangeRows, order);
        }

        last = (tiles, order);
        return order;
    }

    /// <summary>What brings values into an order.</summary>
    /// <param name="weights">The values of W.</param>
    /// <param name="numbers">For each record the number of its quad's column, or -1.</param>
    /// <param name="count">Records.</param>
    /// <param name="records">The records.</param>
    public FireQuadsKernel Fire(ArrayView<float> weights, ArrayView<int> numbers, int count, ArrayView<Float4> records) =>
        new(weights, values.View, numbers, count, records);

    public void Dispose()
    {
        Forward.Dispose();
        foreach (GpuQuadColumns order in columns.Values)
        {
            order.Dispose();
        }

        values.Dispose();
    }

    private int RangeRows(int tiles, int teams, int mostRows)
    {
        double density = transposed.NonZeros / Math.Max((double)transposed.Rows * transposed.ColumnCount, 1);
        int best = mostRows;
        double least = double.PositiveInfinity;
        for (int rows = mostRows; rows >= FewestRangeRows; rows--)
        {
            double rounds = Math.Ceiling(Math.Ceiling((double)transposed.Rows / rows) * tiles / teams);
            double time = rounds * ((CyclesOfQuad * (1 - Math.Pow(1 - density, rows))) + (CyclesOfColumn * density * rows));
            if (time < least)
            {
                least = time;
                best = rows;
            }
        }

        return best;
    }

    /// <summary>For each quad's column the position of its first value, and how far the next row's is from it.</summary>
    private static Int2[] ValuesOf(RowQuads quads)
    {
        Int2[] values = new Int2[quads.Columns.Length];
        for (int quad = 0; quad < quads.Count; quad++)
        {
            int start = quads.Starts[quad];
            int length = quads.Starts[quad + 1] - start;
            for (int i = 0; i < length; i++)
            {
                values[start + i] = new Int2((RowQuads.Rows * start) + i, length);
            }
        }

        return values;
    }
}

/// <summary>A forward order of quads as kernels read it.</summary>
internal readonly struct QuadFiringView(GpuFiringOrder order)
{
    public readonly int Bundles = order.Bundles, Chunks = order.Chunks;
    private readonly ArrayView<int> quads = order.Rows, ends = order.Ends;
    private readonly int chunkColumns = order.ChunkColumns, columns = order.ColumnCount;

    /// <summary>The first batch of a bundle.</summary>
    public int First(int bundle) => ends[bundle * Chunks * GpuQuads.BundleQuads];

    /// <summary>Where the batches of a bundle's quad end in a chunk.</summary>
    public int End(int bundle, int chunk, int quad) => ends[(((bundle * Chunks) + chunk) * GpuQuads.BundleQuads) + quad + 1];

    /// <summary>A quad of a bundle, or -1.</summary>
    public int Quad(int bundle, int quad) => quads[(bundle * GpuQuads.BundleQuads) + quad];

    /// <summary>A row of a quad; below 0 where the quad is none.</summary>
    public static int Row(int quad, int row) => (quad * RowQuads.Rows) + row;

    /// <summary>The first column of a chunk.</summary>
    public int FirstColumn(int chunk) => chunk * chunkColumns;

    /// <summary>Columns of a chunk.</summary>
    public int Width(int chunk)
    {
        int left = columns - FirstColumn(chunk);
        return left < chunkColumns ? left : chunkColumns;
    }
}

/// <summary>Values in the order in which they fire, a record for each column of a quad: zeros where a record only fills up.</summary>
/// <param name="weights">The values of W.</param>
/// <param name="values">For each quad's column the position of its first value, and how far the next row's is from it.</param>
/// <param name="numbers">For each record the number of its quad's column, or -1.</param>
/// <param name="count">Records.</param>
/// <param name="records">The records.</param>
internal readonly struct FireQuadsKernel(
    ArrayView<float> weights, ArrayView<Int2> values, ArrayView<int> numbers, int count, ArrayView<Float4> records) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int number = numbers[i];
            if (number < 0)
            {
                records[i] = default;
            }
            else
            {
                Int2 of = values[number];
                records[i] = new Float4(weights[of.X], weights[of.X + of.Y], weights[of.X + (2 * of.Y)], weights[of.X + (3 * of.Y)]);
            }
        }
    }
}
