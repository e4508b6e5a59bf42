using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sampled dense-dense product.</content>
internal sealed partial class GpuDevice
{
    // The tokens are split among this many groups at most, and their partial gradients take up at most so many floats.
    private const int MaxSplits = 8;
    private const int MaxPartialGradients = 1 << 24;

    private readonly GpuScratch<float> partialGradients;

    /// <inheritdoc/>
    public override void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        GpuPattern own = Own(pattern);
        int tokens = x.Columns;
        int nonZeros = own.Csr.NonZeros;
        VectorMatrix left = Vectors(dy, own.Csr.Rows, tokens, nameof(dy));
        VectorMatrix right = Vectors(x, own.Csr.ColumnCount, tokens, nameof(x));
        ArrayView<float> result = View(gradient, nonZeros, nameof(gradient));
        if (nonZeros == 0)
        {
            return;
        }

        int tiles = DivideUp(VectorsOf(tokens), shapes.SddmmTileVectors);
        int splits = Math.Clamp(Math.Min(tiles, MaxPartialGradients / nonZeros), 1, MaxSplits);
        ArrayView<float> target = splits == 1 ? result : partialGradients.AtLeast((long)splits * nonZeros);
        SddmmKernel kernel = new(
            own.Forward.Pointers, own.Forward.Columns, own.SegmentStarts, own.SegmentRows, own.SegmentBoundaries, left, right, tokens, shapes.SddmmTileVectors,
            target, nonZeros, accumulate && splits == 1 ? 1 : 0);
        LaunchTiles(own.Forward.Blocks, splits, shapes.Lanes, kernel);
        if (splits > 1)
        {
            LaunchLinear(nonZeros, new SumPartsKernel(target, splits, nonZeros, result, accumulate ? 1 : 0));
        }
    }
}

/// <summary>
/// gradient[p] = dy[row(p), :] . x[column(p), :]. A group takes a block of rows and a share of the tokens; a team of lanes takes a run of
/// non-zeros of one row at a time, so that dy is read once a run, and goes through them tile by tile of tokens, so that x stays in the L1 cache.
/// </summary>
internal readonly struct SddmmKernel(
    ArrayView<int> pointers, ArrayView<int> columns, ArrayView<int> segmentStarts, ArrayView<int> segmentRows, ArrayView<int> segmentBoundaries,
    VectorMatrix dy, VectorMatrix x, int tokens, int tileVectors, ArrayView<float> gradient, int nonZeros, int accumulate)
    : IKernel
{
    /// <summary>Non-zeros of a run.</summary>
    public const int SegmentLength = 8;

    // One more than the sums of a thread, so that threads side by side use different banks.
    private const int SumStride = SegmentLength + 1;

    public void Invoke()
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupShapes.MostThreads * SumStride);
        int lanes = Group.DimX;
        int thread = (Group.IdxY * lanes) + Group.IdxX;
        int firstOfTeam = Group.IdxY * lanes * SumStride;
        int tiles = (tokens + (tileVectors * Float4.Width) - 1) / (tileVectors * Float4.Width);
        int firstTile = (int)((long)tiles * Grid.IdxY / Grid.DimY);
        int endTile = (int)((long)tiles * (Grid.IdxY + 1) / Grid.DimY);
        int target = Grid.IdxY * nonZeros;
        int firstSegment = segmentBoundaries[Grid.IdxX];
        int endSegment = segmentBoundaries[Grid.IdxX + 1];

        // Without a tile there are still gradients to write: zeros.
        for (int tile = firstTile; tile < endTile || tile == firstTile; tile++)
        {
            for (int chunk = firstSegment; chunk < endSegment; chunk += Group.DimY)
            {
                int segment = chunk + Group.IdxY;
                int start = 0;
                int end = 0;
                if (segment < endSegment)
                {
                    int row = segmentRows[segment];
                    start = segmentStarts[segment];
                    int endOfRow = pointers[row + 1];
                    end = start + SegmentLength < endOfRow ? start + SegmentLength : endOfRow;
                    SegmentSums(row, start, end - 1, tile < endTile ? tile : tiles, sums, thread * SumStride);
                }

                Group.Barrier();
                for (int p = start + Group.IdxX; p < end; p += lanes)
                {
                    float sum = 0;
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        sum += sums[firstOfTeam + (lane * SumStride) + (p - start)];
                    }

                    gradient[target + p] = accumulate != 0 || tile > firstTile ? gradient[target + p] + sum : sum;
                }

                Group.Barrier();
            }
        }
    }

    private void SegmentSums(int row, int start, int last, int tile, ArrayView<float> sums, int to)
    {
        int c0 = columns[start];
        int c1 = columns[Smaller(start + 1, last)];
        int c2 = columns[Smaller(start + 2, last)];
        int c3 = columns[Smaller(start + 3, last)];
        int c4 = columns[Smaller(start + 4, last)];
        int c5 = columns[Smaller(start + 5, last)];
        int c6 = columns[Smaller(start + 6, last)];
        int c7 = columns[Smaller(start + 7, last)];
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int end = Smaller((tile + 1) * tileVectors, (tokens + Float4.Width - 1) / Float4.Width);
        for (int vector = (tile * tileVectors) + Group.IdxX; vector < end; vector += Group.DimX)
        {
            int left = tokens - (vector * Float4.Width);
            Float4 g = Float4.Keep(dy[row, vector], left);
            s0 += Dot(g, x[c0, vector], left);
            s1 += Dot(g, x[c1, vector], left);
            s2 += Dot(g, x[c2, vector], left);
            s3 += Dot(g, x[c3, vector], left);
            s4 += Dot(g, x[c4, vector], left);
            s5 += Dot(g, x[c5, vector], left);
            s6 += Dot(g, x[c6, vector], left);
            s7 += Dot(g, x[c7, vector], left);
        }

        sums[to] = s0;
        sums[to + 1] = s1;
        sums[to + 2] = s2;
        sums[to + 3] = s3;
        sums[to + 4] = s4;
        sums[to + 5] = s5;
        sums[to + 6] = s6;
        sums[to + 7] = s7;
    }

    /// <summary>The product of the first <paramref name="left"/> lanes; what padding holds does not count.</summary>
    private static float Dot(Float4 a, Float4 b, int left) => (a * (left < Float4.Width ? Float4.Keep(b, left) : b)).Sum;

    private static int Smaller(int a, int b) => a < b ? a : b;
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
