using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sparse times dense, and transposed sparse times dense.</content>
internal sealed partial class GpuDevice
{
    // Groups for each multiprocessor that a launch should have at least: enough to hide latencies and unequal ends.
    private const int GroupsToFill = 4;

    private MemoryBuffer1D<float, Stride1D.Dense>? firedValues;

    /// <inheritdoc/>
    private protected override SparsePattern PrepareCore(CsrPattern csr, RowPartition rows, RowPartition columns) =>
        new GpuPattern(this, csr, rows, columns, InputTile.LaneVectors * shapes.Lanes);

    /// <inheritdoc/>
    private protected override void SpmmCore(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        GpuFiringOrder order = Own(weight.Pattern).Forward;
        VectorMatrix input = Vectors(x);
        VectorMatrix output = Vectors(y);
        ArrayView<float> start = bias is null ? default : View(bias);
        LaunchSpmm(order, weight, input, output, x.Columns, bias is null ? SpmmStart.Zero : SpmmStart.Bias, start);
    }

    /// <inheritdoc/>
    private protected override void SpmmTransposedCore(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        GpuFiringOrder order = Own(weight.Pattern).Transposed;
        VectorMatrix input = Vectors(dy);
        VectorMatrix output = Vectors(dx);
        LaunchSpmm(order, weight, input, output, dy.Columns, accumulate ? SpmmStart.Output : SpmmStart.Zero, default);
    }

    private void LaunchSpmm(
        GpuFiringOrder order, in CsrMatrix weight, VectorMatrix x, VectorMatrix y, int tokens, SpmmStart start, ArrayView<float> bias)
    {
        ArrayView<float> values = View(weight.Values);
        ArrayView<float> fired = Reserve(ref firedValues, Math.Max(order.Places, GpuFiringOrder.Batch));
        LaunchLinear(order.Places, new FireKernel(values, order.Positions, order.Places, fired));
        int tiles = Math.Min(DivideUp(VectorsOf(tokens), InputTile.LaneVectors * shapes.Lanes), shapes.MaxTiles);
        LaunchTiles(
            tiles, RangesOf(order, tiles), shapes.Lanes,
            new SpmmKernel(order.View, fired.Cast<Float4>(), x, y, tokens, (int)start, start == SpmmStart.Bias ? bias : values));
        if (order.Rest is { } rest)
        {
            LaunchSpmm(rest, weight, x, y, tokens, SpmmStart.Output, default);
        }
    }

    /// <summary>
    /// Into how many ranges a launch merges the scheduler's blocks: few, since each loads the input again, but enough to fill the accelerator.
    /// </summary>
    private int RangesOf(GpuFiringOrder order, int groupsOfRange)
    {
        int passes = DivideUp(order.Rows, shapes.Threads / shapes.Lanes * SpmmKernel.TeamRows);
        int fill = DivideUp(GroupsToFill * Cores, Math.Max(groupsOfRange, 1));
        return Math.Clamp(Math.Max(passes, fill), 1, shapes.MaxRanges < order.Blocks ? shapes.MaxRanges : order.Blocks);
    }

    private GpuPattern Own(SparsePattern pattern) =>
        pattern is GpuPattern own && own.Device == this
            ? own
            : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));
}

/// <summary>What a row's sums start from.</summary>
internal enum SpmmStart
{
    Zero,
    Bias,
    Output,
}

/// <summary>
/// y = W x. A group takes a range of rows and a tile of tokens and goes through the chunks of columns, whose input lies in shared memory
/// meanwhile. A team of lanes keeps the sums of eight rows in registers; each non-zero is one multiply-add for each of the team's tokens. A row's
/// non-zeros are added in their own order, so no result depends on how rows are shared out.
/// </summary>
internal readonly struct SpmmKernel(
    FiringView order, ArrayView<Float4> values, VectorMatrix x, VectorMatrix y, int tokens, int start, ArrayView<float> bias) : IKernel
{
    /// <summary>Rows whose sums a team keeps.</summary>
    public const int TeamRows = 8;

    public void Invoke()
    {
        InputTile tile = InputTile.Allocate();
        int end = order.FirstSlot(Grid.IdxY + 1, Grid.DimY);
        int vectors = (tokens + Float4.Width - 1) / Float4.Width;
        for (int firstVector = Grid.IdxX * InputTile.Vectors; firstVector < vectors; firstVector += Grid.DimX * InputTile.Vectors)
        {
            for (int first = order.FirstSlot(Grid.IdxY, Grid.DimY); first < end; first += TeamRows * Group.DimY)
            {
                MultiplyRows(tile, first + Group.IdxY, end, firstVector);
            }
        }
    }

    private void MultiplyRows(InputTile tile, int slot, int end, int firstVector)
    {
        int next = Group.DimY;
        TokenVectors sum0 = Start(slot, end, firstVector);
        TokenVectors sum1 = Start(slot + next, end, firstVector);
        TokenVectors sum2 = Start(slot + (2 * next), end, firstVector);
        TokenVectors sum3 = Start(slot + (3 * next), end, firstVector);
        TokenVectors sum4 = Start(slot + (4 * next), end, firstVector);
        TokenVectors sum5 = Start(slot + (5 * next), end, firstVector);
        TokenVectors sum6 = Start(slot + (6 * next), end, firstVector);
        TokenVectors sum7 = Start(slot + (7 * next), end, firstVector);
        for (int chunk = 0; chunk < order.Chunks; chunk++)
        {
            // The group is still reading the chunk before.
            Group.Barrier();
            tile.Load(x, chunk * GpuFiringOrder.ChunkColumns, order.Width(chunk), firstVector, tokens);
            Group.Barrier();
            sum0 = AddSegment(sum0, tile, slot, end, chunk);
            sum1 = AddSegment(sum1, tile, slot + next, end, chunk);
            sum2 = AddSegment(sum2, tile, slot + (2 * next), end, chunk);
            sum3 = AddSegment(sum3, tile, slot + (3 * next), end, chunk);
            sum4 = AddSegment(sum4, tile, slot + (4 * next), end, chunk);
            sum5 = AddSegment(sum5, tile, slot + (5 * next), end, chunk);
            sum6 = AddSegment(sum6, tile, slot + (6 * next), end, chunk);
            sum7 = AddSegment(sum7, tile, slot + (7 * next), end, chunk);
        }

        Write(slot, end, firstVector, sum0);
        Write(slot + next, end, firstVector, sum1);
        Write(slot + (2 * next), end, firstVector, sum2);
        Write(slot + (3 * next), end, firstVector, sum3);
        Write(slot + (4 * next), end, firstVector, sum4);
        Write(slot + (5 * next), end, firstVector, sum5);
        Write(slot + (6 * next), end, firstVector, sum6);
        Write(slot + (7 * next), end, firstVector, sum7);
    }

    private TokenVectors Start(int slot, int end, int firstVector)
    {
        if (slot >= end || start == (int)SpmmStart.Zero)
        {
            return default;
        }

        int row = order.Row(slot);
        Float4 value = Float4.Broadcast(start == (int)SpmmStart.Bias ? bias[row] : 0);
        return start == (int)SpmmStart.Bias ? new TokenVectors(value, value) : TokenVectors.Load(y, row, firstVector, tokens);
    }

    private TokenVectors AddSegment(TokenVectors sum, InputTile tile, int slot, int end, int chunk)
    {
        if (slot < end)
        {
            int last = order.Segment(slot, chunk + 1);
            for (int batch = order.Segment(slot, chunk); batch < last; batch++)
            {
                Int2 places = order.Offsets[batch];
                Float4 value = values[batch];
                sum += value.X * tile[places.X & 0xFFFF];
                sum += value.Y * tile[places.X >> 16];
                sum += value.Z * tile[places.Y & 0xFFFF];
                sum += value.W * tile[places.Y >> 16];
            }
        }

        return sum;
    }

    private void Write(int slot, int end, int firstVector, TokenVectors sum)
    {
        if (slot < end)
        {
            int row = order.Row(slot);
            int vector = firstVector + Group.IdxX;
            int vectors = (tokens + Float4.Width - 1) / Float4.Width;
            if (vector < vectors)
            {
                y[row, vector] = sum.Lower;
            }

            if (vector + Group.DimX < vectors)
            {
                y[row, vector + Group.DimX] = sum.Upper;
            }
        }
    }
}

/// <summary>Values in the order in which they fire; zeros where a place only fills a batch.</summary>
internal readonly struct FireKernel(ArrayView<float> values, ArrayView<int> positions, int count, ArrayView<float> fired) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int position = positions[i];
            fired[i] = position < 0 ? 0 : values[position];
        }
    }
}
