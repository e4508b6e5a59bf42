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
        LaunchTeams(
            new SpmmQuadsKernel<DynamicTileMemory>(product), new SpmmQuadsKernel<StaticTileMemory>(product), order.Bundles, terms.Tokens,
            WideTile.LaneVectors);

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

    public void Invoke() => product.Multiply(WideTile.Allocate<TMemory>());
}

/// <summary>
/// y = W x, as <see cref="SpmmProduct"/> has it. A team of lanes, two vectors of tokens each, takes one quad: what a thread reads of a column's
/// tokens serves the four sums of each, and the values serve all tokens. Each row's non-zeros are added in the same order, so the bits are the same.
/// </summary>
internal readonly struct SpmmQuadsProduct(QuadFiringView order, ArrayView<Float4> records, ArrayView<int> places, SpmmTerms terms)
{
    /// <summary>A group's part of the product.</summary>
    public void Multiply(WideTile tile)
    {
        int vectors = terms.Vectors;
        int width = Group.DimX * WideTile.LaneVectors;
        for (int firstVector = Grid.IdxY * width; firstVector < vectors; firstVector += Grid.DimY * width)
        {
            for (int first = Grid.IdxX * Group.DimY; first < order.Slots; first += Grid.DimX * Group.DimY)
            {
                MultiplyQuad(tile, first + Group.IdxY, firstVector + Group.IdxX);
            }
        }
    }

    private void MultiplyQuad(WideTile tile, int slot, int vector)
    {
        const uint Mask = (1 << GpuQuads.PlaceBits) - 1;
        int row = order.Row(slot);
        Quad8 sums = new(
            terms.Start8(row, vector), terms.Start8(row + 1, vector), terms.Start8(row + 2, vector), terms.Start8(row + 3, vector));

        // Each record is fetched while the one before it fires, past the ends of chunks.
        int batch = order.First(slot);
        Float4 first = records[batch * GpuQuads.Batch];
        uint columns = (uint)places[batch];
        for (int chunk = 0; chunk < order.Chunks.Count; chunk++)
        {
            // The group is still reading the chunk before.
            Group.Barrier();
            tile.Load(terms.Input, order.Chunks.First(chunk), order.Chunks.Width(chunk), vector, terms.Tokens);
            Group.Barrier();
            int end = order.End(slot, chunk);
            for (; batch < end; batch++)
            {
                Float4 second = records[(batch * GpuQuads.Batch) + 1];
                sums = sums.Add(first, tile.At((int)(columns & Mask)));
                first = records[(batch + 1) * GpuQuads.Batch];
                sums = sums.Add(second, tile.At((int)(columns >> GpuQuads.PlaceBits)));
                columns = (uint)places[batch + 1];
            }
        }

        terms.Write8(row, vector, sums.First);
        terms.Write8(row + 1, vector, sums.Second);
        terms.Write8(row + 2, vector, sums.Third);
        terms.Write8(row + 3, vector, sums.Fourth);
    }
}
