using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sampled dense-dense product.</content>
internal sealed partial class GpuDevice
{
    // Where a pattern has so few shares that some multiprocessors would get a good part more than others, tokens are split among this many groups at
    // most, of a few tiles at least, whose partial gradients are added up after.
    private const int GroupsToLevel = 16;
    private const int MaxSplits = 16;
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
/// with the share's rows and columns of both inputs in shared memory. A thread has up to four batches of non-zeros to itself and keeps their sums
/// in registers: no sum is spread over threads.
/// </summary>
internal readonly struct SddmmProduct(
    SampleView samples, VectorMatrix dy, VectorMatrix x, int tokens, ArrayView<float> gradient, int nonZeros, int accumulate)
{
    /// <summary>Batches whose sums a thread keeps.</summary>
    public const int ThreadBatches = 4;

    /// <summary>A group's part of the gradient.</summary>
    public void Sample(ArrayView<Float4> memory)
    {
        ArrayView<Float4> columns = memory;
        ArrayView<Float4> rows = memory.SubView(GpuSamples.ChunkColumns * SampleTile.Vectors);
        Int4 share = samples.Share(Grid.IdxX);
        int end = samples.Share(Grid.IdxX + 1).X;
        int passes = (end - share.X + (Group.DimX * ThreadBatches) - 1) / (Group.DimX * ThreadBatches);
        int tiles = SampleTile.Count(tokens);
        int firstTile = SampleTile.First(tiles, Grid.IdxY);
        int endTile = SampleTile.First(tiles, Grid.IdxY + 1);
        Float4 sums0 = default;
        Float4 sums1 = default;
        Float4 sums2 = default;
        Float4 sums3 = default;

        // Without a tile there are still gradients to write: zeros.
        for (int tile = firstTile; tile < endTile || tile == firstTile; tile++)
        {
            int firstVector = (tile < endTile ? tile : tiles) * SampleTile.Vectors;
            Group.Barrier();
            SampleTile.Load(x, tokens, share.W, samples.Width(share.W), firstVector, columns);
            SampleTile.Load(dy, tokens, share.Y, share.Z, firstVector, rows);
            Group.Barrier();
            for (int pass = 0; pass < passes; pass++)
            {
                // With one pass, as on a GPU, the sums stay in registers from the first tile to the last.
                int batch = share.X + (pass * Group.DimX * ThreadBatches) + Group.IdxX;
                bool read = tile == firstTile ? accumulate != 0 : passes > 1;
                if (read || tile == firstTile)
                {
                    sums0 = Start(batch, end, read);
                    sums1 = Start(batch + Group.DimX, end, read);
                    sums2 = Start(batch + (2 * Group.DimX), end, read);
                    sums3 = Start(batch + (3 * Group.DimX), end, read);
                }

                sums0 = Add(batch, end, columns, rows, sums0);
                sums1 = Add(batch + Group.DimX, end, columns, rows, sums1);
                sums2 = Add(batch + (2 * Group.DimX), end, columns, rows, sums2);
                sums3 = Add(batch + (3 * Group.DimX), end, columns, rows, sums3);
                if (passes > 1 || tile + 1 >= endTile)
                {
                    Write(batch, end, sums0);
                    Write(batch + Group.DimX, end, sums1);
                    Write(batch + (2 * Group.DimX), end, sums2);
                    Write(batch + (3 * Group.DimX), end, sums3);
                }
            }
        }
    }

    private Float4 Start(int batch, int end, bool read)
    {
        if (batch >= end || !read)
        {
            return default;
        }

        Int2 places = samples.Batch(batch);
        int count = Count((uint)places.X);
        int from = (Grid.IdxY * nonZeros) + places.Y;
        return new Float4(
            gradient[from], count > 1 ? gradient[from + 1] : 0, count > 2 ? gradient[from + 2] : 0, count > 3 ? gradient[from + 3] : 0);
    }

    /// <summary>
    /// Adds a tile's part of the four dot products. Each thread begins with another vector of the tile, so that threads that read other rows at the
    /// same time read other banks of the shared memory.
    /// </summary>
    private Float4 Add(int batch, int end, ArrayView<Float4> columns, ArrayView<Float4> rows, Float4 sums)
    {
        const uint Mask = (1 << GpuSamples.PlaceBits) - 1;
        if (batch >= end)
        {
            return sums;
        }

        uint places = (uint)samples.Batch(batch).X;
        int row = samples.Row(batch) * SampleTile.Vectors;
        int column0 = (int)(places & Mask) * SampleTile.Vectors;
        int column1 = (int)((places >> GpuSamples.PlaceBits) & Mask) * SampleTile.Vectors;
        int column2 = (int)((places >> (2 * GpuSamples.PlaceBits)) & Mask) * SampleTile.Vectors;
        int column3 = (int)(places >> (3 * GpuSamples.PlaceBits)) * SampleTile.Vectors;
        for (int i = 0; i < SampleTile.Vectors; i++)
        {
            int vector = (i + Group.IdxX) & (SampleTile.Vectors - 1);
            Float4 value = rows[row + vector];
            sums = new Float4(
                SampleTile.Dot(value, columns[column0 + vector], sums.X),
                SampleTile.Dot(value, columns[column1 + vector], sums.Y),
                SampleTile.Dot(value, columns[column2 + vector], sums.Z),
                SampleTile.Dot(value, columns[column3 + vector], sums.W));
        }

        return sums;
    }

    private void Write(int batch, int end, Float4 sums)
    {
        if (batch >= end)
        {
            return;
        }

        Int2 places = samples.Batch(batch);
        int count = Count((uint)places.X);
        int to = (Grid.IdxY * nonZeros) + places.Y;
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
