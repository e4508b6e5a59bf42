using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sparse times dense where rows share their columns four by four.</content>
internal sealed partial class GpuDevice
{
    private void LaunchSpmmQuads(GpuQuads quads, GpuFiringOrder order, ArrayView<float> values, in SpmmTerms terms)
    {
        // One more, since a record is fetched ahead.
        int count = order.Batches * GpuQuads.Batch;
        ArrayView<Float4> records = Reserve(ref firedRecords, count + 1);
        LaunchLinear(count, quads.Fire(values, order.Positions, count, records));
        SpmmQuadsProduct product = new(new QuadFiringView(order), records, order.Places, terms);
        if (HasLargeTiles)
        {
            LaunchTeams(new SpmmQuadsKernel<DynamicTileMemory>(product), order.Bundles, terms.Tokens);
        }
        else
        {
            LaunchTeams(new SpmmQuadsKernel<StaticTileMemory>(product), order.Bundles, terms.Tokens);
        }

        if (order.Rest is { } rest)
        {
            LaunchSpmmQuads(quads, rest, values, terms.Further);
        }
    }
}

/// <summary>y = W x, whose rows share their columns four by four.</summary>
/// <typeparam name="TMemory">Where a group's tile of the input lies.</typeparam>
internal readonly struct SpmmQuadsKernel<TMemory>(SpmmQuadsProduct product) : IKernel
    where TMemory : struct, ITileMemory
{
    // With two, as many registers as a thread needs are not to be had.
    public static int GroupsPerMultiprocessor => 1;

    public static int MostThreads => TMemory.Teams * GroupShapes.GpuTeamLanes;

    public void Invoke() => product.Multiply(InputTile.Allocate<TMemory>());
}

/// <summary>
/// y = W x, as <see cref="SpmmProduct"/> has it, with the rows of a team two quads: what a thread reads of a column's tokens serves the four sums of a
/// quad. Each row's non-zeros are added in the same order, so the bits are the same.
/// </summary>
internal readonly struct SpmmQuadsProduct(QuadFiringView order, ArrayView<Float4> records, ArrayView<int> places, SpmmTerms terms)
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
        QuadSums sums0 = Start(order.Quad(bundle, 0), vector);
        QuadSums sums1 = Start(order.Quad(bundle, 1), vector);

        // Each record is fetched while the one before it fires, past the ends of rows and chunks.
        int batch = order.First(bundle);
        FiredQuad quad = new(batch, places[batch], records[batch * GpuQuads.Batch], default);
        for (int chunk = 0; chunk < order.Chunks; chunk++)
        {
            // The group is still reading the chunk before.
            Group.Barrier();
            tile.Load(terms.Input, order.FirstColumn(chunk), order.Width(chunk), vector, terms.Tokens);
            Group.Barrier();
            quad = Fire(tile, order.End(bundle, chunk, 0), quad, sums0);
            sums0 = quad.Sums;
            quad = Fire(tile, order.End(bundle, chunk, 1), quad, sums1);
            sums1 = quad.Sums;
        }

        Write(order.Quad(bundle, 0), vector, sums0);
        Write(order.Quad(bundle, 1), vector, sums1);
    }

    /// <summary>Fires a quad's batches of a chunk, from the one after <paramref name="last"/>'s to an end.</summary>
    private FiredQuad Fire(InputTile tile, int end, FiredQuad last, QuadSums sums)
    {
        const uint Mask = (1 << GpuQuads.PlaceBits) - 1;
        Float4 first = last.Next;
        uint columns = (uint)last.Columns;
        int batch = last.Batch;
        for (; batch < end; batch++)
        {
            Float4 second = records[(batch * GpuQuads.Batch) + 1];
            sums = sums.Add(first, tile.At((int)(columns & Mask)));
            first = records[(batch + 1) * GpuQuads.Batch];
            sums = sums.Add(second, tile.At((int)(columns >> GpuQuads.PlaceBits)));
            columns = (uint)places[batch + 1];
        }

        return new FiredQuad(batch, (int)columns, first, sums);
    }

    private QuadSums Start(int quad, int vector)
    {
        return new QuadSums(
            terms.Start(QuadFiringView.Row(quad, 0), vector), terms.Start(QuadFiringView.Row(quad, 1), vector),
            terms.Start(QuadFiringView.Row(quad, 2), vector), terms.Start(QuadFiringView.Row(quad, 3), vector));
    }

    private void Write(int quad, int vector, QuadSums sums)
    {
        terms.Write(QuadFiringView.Row(quad, 0), vector, sums.First);
        terms.Write(QuadFiringView.Row(quad, 1), vector, sums.Second);
        terms.Write(QuadFiringView.Row(quad, 2), vector, sums.Third);
        terms.Write(QuadFiringView.Row(quad, 3), vector, sums.Fourth);
    }

    /// <summary>A quad's sums, and the batch after its last with what it reads first.</summary>
    private readonly struct FiredQuad(int batch, int columns, Float4 next, QuadSums sums)
    {
        public readonly int Batch = batch, Columns = columns;
        public readonly Float4 Next = next;
        public readonly QuadSums Sums = sums;
    }
}
