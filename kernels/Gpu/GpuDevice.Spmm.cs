using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sparse times dense, and transposed sparse times dense.</content>
internal sealed partial class GpuDevice
{
    // Launched groups for each multiprocessor: enough to even out their unequal ends.
    private const int SpmmWaves = 8;

    private readonly GpuScratch<float> transposedValues;

    /// <inheritdoc/>
    public override SparsePattern Prepare(CsrPattern csr, RowPartition rows, RowPartition columns) => new GpuPattern(this, csr, rows, columns);

    /// <inheritdoc/>
    public override void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        GpuRows rows = Own(weight.Pattern).Forward;
        VectorMatrix input = Vectors(x, rows.ColumnCount, x.Columns, nameof(x));
        VectorMatrix output = Vectors(y, rows.Rows, x.Columns, nameof(y));
        ArrayView<float> values = PaddedValues(weight);
        ArrayView<float> start = bias is null ? values : View(bias, rows.Rows, nameof(bias));
        LaunchSpmm(rows, values, input, output, x.Columns, bias is null ? SpmmStart.Zero : SpmmStart.Bias, start);
    }

    /// <inheritdoc/>
    public override void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        GpuPattern pattern = Own(weight.Pattern);
        GpuRows rows = pattern.Transposed;
        VectorMatrix input = Vectors(dy, rows.ColumnCount, dy.Columns, nameof(dy));
        VectorMatrix output = Vectors(dx, rows.Rows, dy.Columns, nameof(dx));
        ArrayView<float> values = PaddedValues(weight);
        ArrayView<float> gathered = transposedValues.AtLeast(values.Length);
        LaunchLinear(rows.NonZeros, new GatherKernel(values, pattern.Permutation, rows.NonZeros, gathered));
        LaunchSpmm(rows, gathered, input, output, dy.Columns, accumulate ? SpmmStart.Output : SpmmStart.Zero, gathered);
    }

    private void LaunchSpmm(GpuRows rows, ArrayView<float> values, VectorMatrix x, VectorMatrix y, int tokens, SpmmStart start, ArrayView<float> bias)
    {
        // Groups next to each other work on the same rows and different tokens; each keeps its tile of x in the L1 cache while it goes through its rows.
        int vectors = VectorsOf(tokens);
        int tiles = Math.Min(DivideUp(vectors, shapes.Lanes), shapes.MaxTiles);
        int blockGroups = Math.Clamp(SpmmWaves * Cores / Math.Max(tiles, 1), 1, rows.Blocks);
        LaunchTiles(
            tiles, blockGroups, shapes.Lanes,
            new SpmmKernel(rows.Pointers, rows.Columns, values, rows.Boundaries, rows.Blocks, x, y, vectors, (int)start, bias));
    }

    private GpuPattern Own(SparsePattern pattern) =>
        pattern is GpuPattern own && own.Device == this ? own : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));

    private ArrayView<float> PaddedValues(in CsrMatrix weight)
    {
        View(weight.Values, weight.Pattern.Csr.NonZeros, nameof(weight));
        return Own(weight.Values, nameof(weight)).Padded;
    }
}

/// <summary>What a row's sums start from.</summary>
internal enum SpmmStart
{
    Zero,
    Bias,
    Output,
}

/// <summary>
/// y = W x. A thread owns four tokens of a row and adds the row's non-zeros in order, so no result depends on how rows are shared out.
/// A group's lanes lie side by side along tokens: they read the same column indices and values at once, and whole lines of x.
/// </summary>
internal readonly struct SpmmKernel(
    ArrayView<int> pointers, ArrayView<int> columns, ArrayView<float> values, ArrayView<int> boundaries, int blocks, VectorMatrix x, VectorMatrix y, int vectors, int start, ArrayView<float> bias)
    : IKernel
{
    public void Invoke()
    {
        int firstBlock = (int)((long)blocks * Grid.IdxY / Grid.DimY);
        int endBlock = (int)((long)blocks * (Grid.IdxY + 1) / Grid.DimY);
        int end = boundaries[endBlock];
        for (int vector = Work.First; vector < vectors; vector += Work.Stride)
        {
            for (int row = boundaries[firstBlock] + Group.IdxY; row < end; row += Group.DimY)
            {
                Float4 sum = start == (int)SpmmStart.Bias ? Float4.Broadcast(bias[row]) : start == (int)SpmmStart.Output ? y[row, vector] : default;
                y[row, vector] = AddRow(sum, pointers[row], pointers[row + 1], vector);
            }
        }
    }

    private Float4 AddRow(Float4 sum, int p, int end, int vector)
    {
        // Indices and values come four at a time where they are aligned; what lies before and after comes one by one.
        int aligned = (p + Float4.Width - 1) / Float4.Width * Float4.Width;
        int head = aligned < end ? aligned : end;
        for (; p < head; p++)
        {
            sum += values[p] * x[columns[p], vector];
        }

        ArrayView<Int4> columns4 = columns.Cast<Int4>();
        ArrayView<Float4> values4 = values.Cast<Float4>();
        for (; p + Float4.Width <= end; p += Float4.Width)
        {
            Int4 column = columns4[p / Float4.Width];
            Float4 value = values4[p / Float4.Width];
            sum += value.X * x[column.X, vector];
            sum += value.Y * x[column.Y, vector];
            sum += value.Z * x[column.Z, vector];
            sum += value.W * x[column.W, vector];
        }

        for (; p < end; p++)
        {
            sum += values[p] * x[columns[p], vector];
        }

        return sum;
    }
}

/// <summary>gathered[i] = values[permutation[i]].</summary>
internal readonly struct GatherKernel(ArrayView<float> values, ArrayView<int> permutation, int count, ArrayView<float> gathered) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            gathered[i] = values[permutation[i]];
        }
    }
}
