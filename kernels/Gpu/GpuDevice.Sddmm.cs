using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sampled dense-dense product.</content>
internal sealed partial class GpuDevice
{
    /// <summary>The most groups among which tokens of a sampled product are split.</summary>
    public const int MaxSplits = 16;

    // Where a pattern has so few shares that some multiprocessors would get a good part more than others, tokens are split among this many groups at
    // most, of a few tiles at least, whose partial gradients are added up after.
    private const int GroupsToLevel = 16;
    private const int FewestTiles = 8;
    private const int MaxPartialGradients = 1 << 24;

    private MemoryBuffer1D<float, Stride1D.Dense>? partialGradients;

    /// <inheritdoc/>
    private protected override void SddmmCore(
        SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        GpuPattern own = Own(pattern);
        int tokens = x.Columns;
        int nonZeros = own.Csr.NonZeros;
        VectorMatrix left = Vectors(dy);
        VectorMatrix right = Vectors(x);
        ArrayView<float> result = View(gradient);
        if (nonZeros == 0)
        {
            return;
        }

        if (ComputesDense(SparseProduct.Sddmm, own, tokens))
        {
            DeviceMatrix product = FilledMatrix(own.Csr);
            GemmCore(GemmLayout.TransposedB, dy, x, product, accumulate: false);
            Sample(own, product, result, accumulate);
            return;
        }

        if (own.Quads is { } quads)
        {
            SddmmQuads(quads.Samples, left, right, tokens, nonZeros, result, accumulate);
        }
        else
        {
            SddmmScattered(own.Samples!, left, right, tokens, nonZeros, result, accumulate);
        }
    }

    private void SddmmScattered(
        GpuSamples samples, VectorMatrix dy, VectorMatrix x, int tokens, int nonZeros, ArrayView<float> result, bool accumulate)
    {
        int shares = samples.Shares;
        int tiles = SampleTile.Count(tokens);
        int wanted = DivideUp(GroupsToLevel * Cores, shares);
        int most = Math.Min(Math.Min(tiles / FewestTiles, MaxPartialGradients / nonZeros), Math.Min(MaxSplits, shapes.MaxRanges));
        int room = samples.IsLarge ? DynamicSampleMemory.GroupsPerMultiprocessor : StaticSampleMemory.GroupsPerMultiprocessor;
        int splits = Splits(shares, Math.Clamp(wanted, 1, Math.Max(most, 1)), room * Cores);
        ArrayView<float> target = splits == 1 ? result : Reserve(ref partialGradients, (long)splits * nonZeros);
        Index3D grid = new(shares, splits, 1);
        SddmmProduct sampled = new(samples.View, dy, x, tokens, target, nonZeros, accumulate && splits == 1 ? 1 : 0);
        if (samples.IsLarge)
        {
            kernels.Launch(
                grid, new Index3D(DynamicSampleMemory.Threads, 1, 1), new SddmmKernel<DynamicSampleMemory>(sampled),
                SharedMemoryConfig.RequestDynamic<Float4>(DynamicSampleMemory.Elements));
        }
        else
        {
            kernels.Launch(grid, new Index3D(shapes.Threads, 1, 1), new SddmmKernel<StaticSampleMemory>(sampled));
        }

        SumParts(target, splits, nonZeros, result, accumulate);
    }

    /// <summary>Adds up partial gradients, where there is more than the result itself.</summary>
    private void SumParts(ArrayView<float> parts, int count, int nonZeros, ArrayView<float> result, bool accumulate)
    {
        if (count > 1)
        {
            LaunchLinear(nonZeros, new SumPartsKernel(parts, count, nonZeros, result, accumulate ? 1 : 0));
        }
    }

    /// <summary>Into how many parts tokens are split, at most and half of that at least, so that the last groups leave little room unused.</summary>
    private static int Splits(int shares, int most, int room)
    {
        int best = most;
        double used = 0;
        for (int splits = most; splits > most / 2; splits--)
        {
            double waves = (double)shares * splits / room;
            if (waves / Math.Ceiling(waves) > used)
            {
                used = waves / Math.Ceiling(waves);
                best = splits;
            }
        }

        return best;
    }
}

/// <summary>gradient[p] = dy[row(p), :] . x[column(p), :].</summary>
internal readonly struct SddmmKernel<TMemory>(SddmmProduct product) : IKernel
    where TMemory : struct, ISampleMemory
{
    public static int GroupsPerMultiprocessor => TMemory.GroupsPerMultiprocessor;

    public static int MostThreads => TMemory.Threads;

    public void Invoke() => product.Sample(default(TMemory).Take());
}

/// <summary>
/// gradient[p] = dy[row(p), :] . x[column(p), :]. A group takes a share of the non-zeros and of the tokens and goes through its tokens tile by tile,
/// with the share's rows and columns of both inputs in shared memory. A thread has up to two pairs of batches of non-zeros to itself and keeps their
/// sums in registers: no sum is spread over threads.
/// </summary>
internal readonly struct SddmmProduct(
    SampleView samples, VectorMatrix dy, VectorMatrix x, int tokens, ArrayView<float> gradient, int nonZeros, int accumulate)
{
    /// <summary>Pairs of batches whose sums a thread keeps.</summary>
    public const int ThreadPairs = 2;

    /// <summary>A group's part of the gradient.</summary>
    public void Sample(ArrayView<Float4> memory)
    {
        ArrayView<Float4> columns = memory;
        ArrayView<Float4> rows = memory.SubView(GpuSamples.ChunkColumns * SampleTile.Vectors);
        int end = samples.Share(Grid.IdxX + 1).X;
        int passes = (end - samples.Share(Grid.IdxX).X + (Group.DimX * ThreadPairs) - 1) / (Group.DimX * ThreadPairs);
        int tiles = SampleTile.Count(tokens);
        int firstTile = SampleTile.First(tiles, Grid.IdxY);
        int endTile = SampleTile.First(tiles, Grid.IdxY + 1);
        PairSums sums0 = default;
        PairSums sums1 = default;

        // Without a tile, which is without tokens, there are still gradients to write: zeros.
        for (int tile = firstTile; tile < endTile || tile == firstTile; tile++)
        {
            // Read for each tile: there is no register to keep it in.
            Int4 share = samples.Share(Grid.IdxX);
            Group.Barrier();
            SampleTile.Load(x, tokens, share.W, samples.Width(share.W), tile * SampleTile.Vectors, columns);
            SampleTile.Load(dy, tokens, share.Y, share.Z, tile * SampleTile.Vectors, rows);
            Group.Barrier();
            for (int pass = 0; pass < passes; pass++)
            {
                // With one pass, as on a GPU, the sums stay in registers from the first tile to the last.
                int pair = share.X + (pass * Group.DimX * ThreadPairs) + Group.IdxX;
                bool read = tile == firstTile ? accumulate != 0 : passes > 1;
                if (read || tile == firstTile)
                {
                    sums0 = Start(pair, end, read);
                    sums1 = Start(pair + Group.DimX, end, read);
                }

                // One loop for both, which takes the registers of one: behind its second round each sum is in its place again.
                for (int one = pair; one <= pair + Group.DimX; one += Group.DimX)
                {
                    PairSums added = Add(one, end, columns, rows, sums0);
                    sums0 = sums1;
                    sums1 = added;
                }

                if (passes > 1 || tile + 1 >= endTile)
                {
                    Write(pair, end, sums0);
                    Write(pair + Group.DimX, end, sums1);
                }
            }
        }
    }

    private PairSums Start(int pair, int end, bool read)
    {
        if (pair >= end || !read)
        {
            return default;
        }

        Int4 batches = samples.Pair(pair);
        return new PairSums(Start((uint)batches.X, batches.Y), Start((uint)batches.Z, batches.W));
    }

    private Float4 Start(uint places, int position)
    {
        int count = Count(places);
        int from = (Grid.IdxY * nonZeros) + position;
        return new Float4(
            gradient[from], count > 1 ? gradient[from + 1] : 0, count > 2 ? gradient[from + 2] : 0, count > 3 ? gradient[from + 3] : 0);
    }

    /// <summary>
    /// Adds a tile's part of the eight dot products. Each thread begins with another vector of the tile, so that threads that read other rows at the
    /// same time read other banks of the shared memory.
    /// </summary>
    private PairSums Add(int pair, int end, ArrayView<Float4> columns, ArrayView<Float4> rows, PairSums sums)
    {
        if (pair >= end)
        {
            return sums;
        }

        Int4 batches = samples.Pair(pair);
        int both = samples.Rows(pair);
        int first = (both & ((1 << GpuSamples.RowBits) - 1)) * SampleTile.Vectors;
        int second = (both >> GpuSamples.RowBits) * SampleTile.Vectors;
        int vector = Group.IdxX & (SampleTile.Vectors - 1);
        int row = first | vector;
        int other = first ^ second;
        for (int i = 0; i < SampleTile.Vectors; i++)
        {
            Float4 value = rows[row];
            Float4 ofFirst = Add(batches.X, vector, columns, value, sums.First);
            if (other != 0)
            {
                value = rows[row ^ other];
            }

            sums = new PairSums(ofFirst, Add(batches.Z, vector, columns, value, sums.Second));
            int next = i ^ (i + 1);
            row ^= next;
            vector ^= next;
        }

        return sums;
    }

    /// <summary>Adds the products of a row and a batch's columns at one vector of tokens.</summary>
    private static Float4 Add(int places, int vector, ArrayView<Float4> columns, Float4 row, Float4 sums) => new(
        SampleTile.Dot(row, columns[SampleTile.Place(places, 0) + vector], sums.X),
        SampleTile.Dot(row, columns[SampleTile.Place(places, 1) + vector], sums.Y),
        SampleTile.Dot(row, columns[SampleTile.Place(places, 2) + vector], sums.Z),
        SampleTile.Dot(row, columns[SampleTile.Place(places, 3) + vector], sums.W));

    private void Write(int pair, int end, PairSums sums)
    {
        if (pair < end)
        {
            Int4 batches = samples.Pair(pair);
            Write((uint)batches.X, batches.Y, sums.First);
            Write((uint)batches.Z, batches.W, sums.Second);
        }
    }

    private void Write(uint places, int position, Float4 sums)
    {
        int count = Count(places);
        int to = (Grid.IdxY * nonZeros) + position;
        gradient[to] = sums.X;
        if (count > 1)
        {
            gradient[to + 1] = sums.Y;
        }

        if (count > 2)
        {
            gradient[to + 2] = sums.Z;
        }

        if (count > 3)
        {
            gradient[to + 3] = sums.W;
        }
    }

    /// <summary>The number of a batch's non-zeros: the places that ascend.</summary>
    /// <remarks>
    /// A sum of conditions: what nested ones choose among constants ILGPU takes for the same in all threads, and branches on it by bra.uni.
    /// </remarks>
    private static int Count(uint places)
    {
        const uint Mask = (1 << GpuSamples.PlaceBits) - 1;
        uint second = (places >> GpuSamples.PlaceBits) & Mask;
        uint third = (places >> (2 * GpuSamples.PlaceBits)) & Mask;
        uint fourth = places >> (3 * GpuSamples.PlaceBits);
        return 1 + (second > (places & Mask) ? 1 : 0) + (third > second ? 1 : 0) + (fourth > third ? 1 : 0);
    }
}

/// <summary>The sums of a pair of batches.</summary>
internal readonly struct PairSums(Float4 first, Float4 second)
{
    public readonly Float4 First = first, Second = second;
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
