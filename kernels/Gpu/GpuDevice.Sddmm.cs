using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sampled dense-dense product.</content>
internal sealed partial class GpuDevice
{
    // Where a pattern has too few rows to fill the accelerator, tokens are split among this many groups at most, whose partial gradients are added up
    // after.
    private const int MaxSplits = 8;
    private const int MaxPartialGradients = 1 << 24;

    private MemoryBuffer1D<float, Stride1D.Dense>? partialGradients;

    /// <inheritdoc/>
    private protected override void SddmmCore(
        SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        GpuPattern own = Own(pattern);
        GpuFiringOrder order = own.Forward;
        int tokens = x.Columns;
        int nonZeros = own.Csr.NonZeros;
        VectorMatrix left = Vectors(dy);
        VectorMatrix right = Vectors(x);
        ArrayView<float> result = View(gradient);
        if (nonZeros == 0)
        {
            return;
        }

        int chunks = Math.Min(order.Chunks, shapes.MaxRanges);
        int tiles = DivideUp(VectorsOf(tokens), InputTile.LaneVectors * shapes.Lanes);
        int wanted = DivideUp(GroupsToFill * Cores, RangesOf(order, chunks) * chunks);
        int splits = Math.Clamp(Math.Min(wanted, Math.Min(tiles, MaxPartialGradients / nonZeros)), 1, Math.Min(MaxSplits, shapes.MaxRanges));
        ArrayView<float> target = splits == 1 ? result : Reserve(ref partialGradients, (long)splits * nonZeros);
        for (GpuFiringOrder? part = order; part is not null; part = part.Rest)
        {
            kernels.Launch(
                new Index3D(RangesOf(part, chunks), chunks, splits), new Index3D(shapes.Lanes, shapes.Threads / shapes.Lanes, 1),
                new SddmmKernel(part.View, part.Positions, left, right, tokens, target, nonZeros, accumulate && splits == 1 ? 1 : 0));
        }

        if (splits > 1)
        {
            LaunchLinear(nonZeros, new SumPartsKernel(target, splits, nonZeros, result, accumulate ? 1 : 0));
        }
    }
}

/// <summary>
/// gradient[p] = dy[row(p), :] . x[column(p), :]. A group takes a range of rows, a chunk of columns and a share of the tokens, and goes through its
/// tokens tile by tile, with x's tile in shared memory and a team's row of dy in registers. Four dot products at a time are reduced over the lanes
/// together.
/// </summary>
internal readonly struct SddmmKernel(
    FiringView order, ArrayView<int> positions, VectorMatrix dy, VectorMatrix x, int tokens, ArrayView<float> gradient, int nonZeros, int accumulate)
    : IKernel
{
    public void Invoke()
    {
        InputTile tile = InputTile.Allocate();
        int firstSlot = order.FirstSlot(Grid.IdxX, Grid.DimX);
        int end = order.FirstSlot(Grid.IdxX + 1, Grid.DimX);
        int tileTokens = InputTile.Vectors * Float4.Width;
        int tiles = (tokens + tileTokens - 1) / tileTokens;
        int firstTile = (int)((long)tiles * Grid.IdxZ / Grid.DimZ);
        int endTile = (int)((long)tiles * (Grid.IdxZ + 1) / Grid.DimZ);
        for (int chunk = Grid.IdxY; chunk < order.Chunks; chunk += Grid.DimY)
        {
            // Without a tile there are still gradients to write: zeros.
            for (int t = firstTile; t < endTile || t == firstTile; t++)
            {
                int firstVector = (t < endTile ? t : tiles) * InputTile.Vectors;
                Group.Barrier();
                tile.Load(x, chunk * GpuFiringOrder.ChunkColumns, order.Width(chunk), firstVector, tokens);
                Group.Barrier();
                bool add = accumulate != 0 || t > firstTile;
                for (int slot = firstSlot + Group.IdxY; slot - Group.IdxY < end; slot += Group.DimY)
                {
                    MultiplyRow(tile, slot, end, chunk, firstVector, add);
                }
            }
        }
    }

    private void MultiplyRow(InputTile tile, int slot, int end, int chunk, int firstVector, bool add)
    {
        int first = 0;
        int count = 0;
        TokenVectors row = default;
        if (slot < end)
        {
            first = order.Segment(slot, chunk);
            count = order.Segment(slot, chunk + 1) - first;
            row = TokenVectors.Load(dy, order.Row(slot), firstVector, tokens);
        }

        // Lanes of a warp exchange sums, so that all of its teams must go on as long as one does.
        int rounds = WarpLargest(count);

        // A team without any has the column of zeros: the first batch's columns may lie beyond this chunk's, where nobody has written.
        int zeros = GpuFiringOrder.ChunkColumns * InputTile.Vectors;
        zeros |= zeros << 16;
        for (int round = 0; round < rounds; round++)
        {
            Int2 places = count == 0 ? new Int2(zeros, zeros) : order.Offsets[first + (round < count ? round : count - 1)];
            float sum0 = TokenVectors.Dot(row, tile[places.X & 0xFFFF]);
            float sum1 = TokenVectors.Dot(row, tile[places.X >> 16]);
            float sum2 = TokenVectors.Dot(row, tile[places.Y & 0xFFFF]);
            float sum3 = TokenVectors.Dot(row, tile[places.Y >> 16]);

            if (Group.DimX == 1)
            {
                // A lane alone has whole sums.
                Write(first + round, 0, sum0, add);
                Write(first + round, 1, sum1, add);
                Write(first + round, 2, sum2, add);
                Write(first + round, 3, sum3, add);
                continue;
            }

            // Each exchange halves the number of sums a lane is left with, then the number of lanes that share one.
            int half = Group.DimX / 2;
            int quarter = Group.DimX / 4;
            bool upper = (Group.IdxX & half) != 0;
            bool odd = (Group.IdxX & quarter) != 0;
            float kept0 = (upper ? sum2 : sum0) + Warp.ShuffleXor(upper ? sum0 : sum2, half);
            float kept1 = (upper ? sum3 : sum1) + Warp.ShuffleXor(upper ? sum1 : sum3, half);
            float sum = (odd ? kept1 : kept0) + Warp.ShuffleXor(odd ? kept0 : kept1, quarter);
            for (int distance = quarter / 2; distance > 0; distance /= 2)
            {
                sum += Warp.ShuffleXor(sum, distance);
            }

            if (round < count && (Group.IdxX & (quarter - 1)) == 0)
            {
                Write(first + round, (upper ? 2 : 0) + (odd ? 1 : 0), sum, add);
            }
        }
    }

    private void Write(int batch, int place, float sum, bool add)
    {
        int position = positions[(batch * GpuFiringOrder.Batch) + place];
        if (position >= 0)
        {
            int target = (Grid.IdxZ * nonZeros) + position;
            gradient[target] = add ? gradient[target] + sum : sum;
        }
    }

    /// <summary>The largest of the values of a warp's teams.</summary>
    private static int WarpLargest(int value)
    {
        int lanes = Group.DimX * Group.DimY < Warp.WarpSize ? Group.DimX * Group.DimY : Warp.WarpSize;
        for (int distance = Group.DimX; distance < lanes; distance *= 2)
        {
            int other = Warp.ShuffleXor(value, distance);
            value = other > value ? other : value;
        }

        return value;
    }
}

/// <summary>result[i] = sum over parts of parts[part, i], in order.</summary>
internal readonly struct SumPartsKernel(ArrayView<float> parts, int count, int length, ArrayView<float> result, int accumulate) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            float sum = accumulate != 0 ? result[i] : 0;
            for (int part = 0; part < count; part++)
            {
                sum += parts[(part * length) + i];
            }

            result[i] = sum;
        }
    }
}
