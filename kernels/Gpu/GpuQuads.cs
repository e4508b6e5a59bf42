using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The firing orders of a matrix whose rows share their columns four by four (<see cref="RowQuads"/>), in an accelerator's memory.</summary>
/// <remarks>
/// An element of them is a quad's column: four values, one 16-byte record when they are fired. It has a number, by quads and in each by columns.
/// </remarks>
internal sealed class GpuQuads : IDisposable
{
    /// <summary>Columns of a quad that are fired together.</summary>
    public const int Batch = 2;

    /// <summary>Bits of a column's place in the tile of its chunk: how far it lies from the first.</summary>
    public const int PlaceBits = 16;

    private readonly GpuBuffer<Int2> values;

    /// <summary>Arranges a matrix.</summary>
    public GpuQuads(GpuDevice device, RowQuads quads)
    {
        CsrPattern folded = quads.Fold();
        (CsrPattern transposed, int[] numbers) = device.Transpose(folded);
        Forward = new GpuFiringOrder(device, folded, valuePositions: null, FiringShape.Quads);
        Transposed = new GpuQuadColumns(device, transposed, numbers);
        Samples = new GpuQuadSamples(device, quads);
        values = GpuPattern.Upload<Int2>(device, ValuesOf(quads));
    }

    /// <summary>W: rows of output features, four by four.</summary>
    public GpuFiringOrder Forward { get; }

    /// <summary>The transpose: rows of input features, with quads for columns.</summary>
    public GpuQuadColumns Transposed { get; }

    /// <summary>Where the weight's gradient is sampled.</summary>
    public GpuQuadSamples Samples { get; }

    /// <summary>Bytes on the device.</summary>
    public long Bytes => Forward.Bytes + Transposed.Bytes + Samples.Bytes + (Interop.SizeOf<Int2>() * (long)values.Length);

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
        Transposed.Dispose();
        Samples.Dispose();
        values.Dispose();
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
    public readonly int Slots = order.Bundles;
    public readonly Chunks Chunks = order.Chunks;
    private readonly ArrayView<int> quads = order.Rows, ends = order.Ends;

    /// <summary>The first batch of a slot.</summary>
    public int First(int slot) => ends[slot * Chunks.Count];

    /// <summary>Where the batches of a slot end in a chunk.</summary>
    public int End(int slot, int chunk) => ends[(slot * Chunks.Count) + chunk + 1];

    /// <summary>The first row of a slot's quad; below 0 where there is none.</summary>
    public int Row(int slot) => quads[slot] * RowQuads.Rows;
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
