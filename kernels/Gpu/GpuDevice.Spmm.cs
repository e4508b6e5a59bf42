using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sparse times dense, and transposed sparse times dense.</content>
internal sealed partial class GpuDevice
{
    // With fewer, loading the input takes longer than multiplying.
    private const int FewestTeams = 4;

    private MemoryBuffer1D<Float4, Stride1D.Dense>? firedRecords;

    /// <inheritdoc/>
    /// <remarks>
    /// The partitions are the host's and the wafer's: here the hardware gives groups to multiprocessors as these become free, the longest rows first.
    /// </remarks>
    private protected override SparsePattern PrepareCore(CsrPattern csr, RowPartition rows, RowPartition columns) => new GpuPattern(this, csr);

    /// <inheritdoc/>
    private protected override void SpmmCore(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        if (ComputesDense(SparseProduct.Spmm, weight.Pattern, x.Columns))
        {
            GemmCore(GemmLayout.Normal, Fill(weight), x, y, accumulate: false);
            if (bias is not null)
            {
                AddBiasCore(y, bias);
            }

            return;
        }

        GpuPattern pattern = Own(weight.Pattern);
        ArrayView<float> values = View(weight.Values);
        SpmmTerms terms = bias is null
            ? new SpmmTerms(Vectors(x), Vectors(y), x.Columns, SpmmStart.Zero, values)
            : new SpmmTerms(Vectors(x), Vectors(y), x.Columns, SpmmStart.Bias, View(bias));
        if (pattern.Quads is { } quads)
        {
            LaunchSpmmQuads(quads, quads.Forward, values, terms);
        }
        else
        {
            LaunchSpmm(pattern.Forward!, values, terms);
        }
    }

    /// <inheritdoc/>
    private protected override void SpmmTransposedCore(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        if (ComputesDense(SparseProduct.SpmmTransposed, weight.Pattern, dy.Columns))
        {
            GemmCore(GemmLayout.TransposedA, Fill(weight), dy, dx, accumulate);
            return;
        }

        GpuPattern pattern = Own(weight.Pattern);
        ArrayView<float> values = View(weight.Values);
        SpmmTerms terms = new(Vectors(dy), Vectors(dx), dy.Columns, accumulate ? SpmmStart.Output : SpmmStart.Zero, values);
        if (pattern.Quads is { } quads)
        {
            LaunchSpmmQuadsTransposed(quads, quads.Transposed, values, terms);
        }
        else
        {
            LaunchSpmm(pattern.Transposed!, values, terms);
        }
    }

    private void LaunchSpmm(GpuFiringOrder order, ArrayView<float> values, in SpmmTerms terms)
    {
        // One more, since a record is fetched ahead.
        ArrayView<Float4> records = Reserve(ref firedRecords, order.Batches + 1);
        LaunchLinear(order.Batches, order.Fire(values, records));
        SpmmProduct product = new(order.View, records, terms);
        LaunchTeams(new SpmmKernel<DynamicTileMemory>(product), new SpmmKernel<StaticTileMemory>(product), order.Bundles, terms.Tokens);

        if (order.Rest is { } rest)
        {
            LaunchSpmm(rest, values, terms.Further);
        }
    }

    /// <summary>Launches the kernel for large tiles where there is room for them, else the other.</summary>
    private void LaunchTeams<TLarge, TSmall>(in TLarge large, in TSmall small, int bundles, int tokens, int laneVectors = 1)
        where TLarge : struct, IKernel
        where TSmall : struct, IKernel
    {
        if (HasLargeTiles)
        {
            LaunchTeams(large, bundles, tokens, laneVectors);
        }
        else
        {
            LaunchTeams(small, bundles, tokens, laneVectors);
        }
    }

    /// <summary>Launches groups of teams: a team for each bundle of rows and tile of tokens, with a tile of the input.</summary>
    private void LaunchTeams<TKernel>(in TKernel kernel, int bundles, int tokens, int laneVectors)
        where TKernel : struct, IKernel
    {
        int tiles = Math.Min(DivideUp(VectorsOf(tokens), laneVectors * shapes.TeamLanes), shapes.MaxTiles);
        int teams = Math.Min(shapes.Teams, TKernel.MostThreads / GroupShapes.GpuTeamLanes);

        // Smaller groups, as long as the multiprocessors have room for all of them at once.
        while (teams > FewestTeams && (long)tiles * DivideUp(bundles, teams / 2) <= TKernel.GroupsPerMultiprocessor * Cores)
        {
            teams /= 2;
        }

        int ranges = Math.Min(DivideUp(bundles, teams), shapes.MaxRanges);
        if (tiles > 0 && ranges > 0)
        {
            // Groups of one tile of tokens run side by side: what one of them has read of the input the others find in the cache.
            Index3D grid = new(ranges, Math.Min(tiles, ushort.MaxValue), 1);
            SharedMemoryConfig memory = HasLargeTiles ? SharedMemoryConfig.RequestDynamic<Float4>(InputTile.Elements(ChunkColumns)) : default;
            kernels.Launch(grid, new Index3D(shapes.TeamLanes, teams, 1), kernel, memory);
        }
    }

    private GpuPattern Own(SparsePattern pattern) =>
        pattern is GpuPattern own && own.Device == this
            ? own
            : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));
}

/// <summary>y = W x.</summary>
/// <typeparam name="TMemory">Where a group's tile of the input lies.</typeparam>
internal readonly struct SpmmKernel<TMemory>(SpmmProduct product) : IKernel
    where TMemory : struct, ITileMemory
{
    public static int GroupsPerMultiprocessor => TMemory.GroupsPerMultiprocessor;

    public static int MostThreads => TMemory.Teams * GroupShapes.GpuTeamLanes;

    public void Invoke() => product.Multiply(InputTile.Allocate<TMemory>());
}

/// <summary>
/// y = W x. A group takes some bundles of rows and a tile of tokens and goes through the chunks of columns, whose input lies in shared memory
/// meanwhile. A team of lanes, a vector of tokens each, keeps the sums of a bundle in registers; each non-zero is one multiply-add for each of the
/// tokens. A row's non-zeros are added in their own order, so no result depends on how rows are shared out.
/// </summary>
internal readonly struct SpmmProduct(FiringView order, ArrayView<Float4> records, SpmmTerms terms)
{
    /// <summary>A group's part of the product.</summary>
    public void Multiply(InputTile tile)
    {
        int vectors = terms.Vectors;
        for (int firstVector = Grid.IdxY * Group.DimX; firstVector < vectors; firstVector += Grid.DimY * Group.DimX)
        {
            for (int first = Grid.IdxX * Group.DimY; first < order.Bundles; first += Grid.DimX * Group.DimY)
            {
                MultiplyBundle(tile, first + Group.IdxY, firstVector);
            }
        }
    }

    private void MultiplyBundle(InputTile tile, int bundle, int firstVector)
    {
        int vector = firstVector + Group.IdxX;
        Float4 sum0 = terms.Start(order.Row(bundle, 0), vector);
        Float4 sum1 = terms.Start(order.Row(bundle, 1), vector);
        Float4 sum2 = terms.Start(order.Row(bundle, 2), vector);
        Float4 sum3 = terms.Start(order.Row(bundle, 3), vector);
        Float4 sum4 = terms.Start(order.Row(bundle, 4), vector);
        Float4 sum5 = terms.Start(order.Row(bundle, 5), vector);
        Float4 sum6 = terms.Start(order.Row(bundle, 6), vector);
        Float4 sum7 = terms.Start(order.Row(bundle, 7), vector);

        // Each record is fetched while the one before it fires, past the ends of rows and chunks.
        int batch = order.First(bundle);
        FiredRow row = new(batch, records[batch], default);
        for (int chunk = 0; chunk < order.Chunks.Count; chunk++)
        {
            // The group is still reading the chunk before.
            Group.Barrier();
            tile.Load(terms.Input, order.Chunks.First(chunk), order.Chunks.Width(chunk), vector, terms.Tokens);
            Group.Barrier();
            row = Fire(tile, order.End(bundle, chunk, 0), row, sum0);
            sum0 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 1), row, sum1);
            sum1 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 2), row, sum2);
            sum2 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 3), row, sum3);
            sum3 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 4), row, sum4);
            sum4 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 5), row, sum5);
            sum5 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 6), row, sum6);
            sum6 = row.Sum;
            row = Fire(tile, order.End(bundle, chunk, 7), row, sum7);
            sum7 = row.Sum;
        }

        terms.Write(order.Row(bundle, 0), vector, sum0);
        terms.Write(order.Row(bundle, 1), vector, sum1);
        terms.Write(order.Row(bundle, 2), vector, sum2);
        terms.Write(order.Row(bundle, 3), vector, sum3);
        terms.Write(order.Row(bundle, 4), vector, sum4);
        terms.Write(order.Row(bundle, 5), vector, sum5);
        terms.Write(order.Row(bundle, 6), vector, sum6);
        terms.Write(order.Row(bundle, 7), vector, sum7);
    }

    /// <summary>Fires a row's batches of a chunk, from the one after <paramref name="last"/>'s to an end.</summary>
    private FiredRow Fire(InputTile tile, int end, FiredRow last, Float4 sum)
    {
        const uint Mask = (1 << GpuFiringOrder.PlaceBits) - 1;
        Float4 record = last.Next;
        int batch = last.Batch;
        for (; batch < end; batch++)
        {
            Float4 next = records[batch + 1];
            uint places = Interop.FloatAsInt(record.W);
            sum += record.X * tile[(int)(places & Mask)];
            sum += record.Y * tile[(int)((places >> GpuFiringOrder.PlaceBits) & Mask)];
            sum += record.Z * tile[(int)(places >> (2 * GpuFiringOrder.PlaceBits))];
            record = next;
        }

        return new FiredRow(batch, record, sum);
    }

    /// <summary>A row's sum, and the batch after its last with what it reads.</summary>
    private readonly struct FiredRow(int batch, Float4 next, Float4 sum)
    {
        public readonly int Batch = batch;
        public readonly Float4 Next = next, Sum = sum;
    }
}
