using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <content>Transposed sparse times dense where rows share their columns four by four.</content>
internal sealed partial class GpuDevice
{
    private void LaunchSpmmQuadsTransposed(GpuQuads quads, GpuQuadColumns order, ArrayView<float> values, in SpmmTerms terms)
    {
        // One more, since a record is fetched ahead.
        ArrayView<Float4> records = Reserve(ref firedRecords, order.Count + 1);
        LaunchLinear(order.Count, quads.Fire(values, order.Numbers, order.Count, records));
        SpmmQuadColumns product = new(new QuadColumnsView(order), records, terms);
        LaunchTeams(
            new SpmmQuadColumnsKernel<DynamicTileMemory>(product), new SpmmQuadColumnsKernel<StaticTileMemory>(product), order.Bundles, terms.Tokens,
            WideTile.LaneVectors);

        if (order.Rest is { } rest)
        {
            LaunchSpmmQuadsTransposed(quads, rest, values, terms.Further);
        }
    }
}

/// <summary>dx = W^T dy, where rows of W share their columns four by four.</summary>
/// <typeparam name="TMemory">Where a group's tile of the input lies.</typeparam>
internal readonly struct SpmmQuadColumnsKernel<TMemory>(SpmmQuadColumns product) : IKernel
    where TMemory : struct, ITileMemory
{
    // Sums of eight rows and a quad's tokens take half of the registers for half of the threads.
    public static int GroupsPerMultiprocessor => 1;

    public static int MostThreads => GroupShapes.MostTeams / 2 * GroupShapes.GpuTeamLanes;

    public void Invoke() => product.Multiply(WideTile.Allocate<TMemory>());
}

/// <summary>
/// dx = W^T dy. A group takes some bundles of rows of dx and a tile of tokens and goes through the chunks of quads of dy, which lie in shared memory
/// meanwhile. A team of lanes, two vectors of tokens each, keeps the sums of a bundle in registers; what it reads of a quad serves all of the
/// bundle's rows that have it. A row's non-zeros are added in their own order.
/// </summary>
internal readonly struct SpmmQuadColumns(QuadColumnsView order, ArrayView<Float4> records, SpmmTerms terms)
{
    /// <summary>A group's part of the product.</summary>
    public void Multiply(WideTile tile)
    {
        int vectors = terms.Vectors;
        int width = Group.DimX * WideTile.LaneVectors;
        for (int firstVector = Grid.IdxY * width; firstVector < vectors; firstVector += Grid.DimY * width)
        {
            for (int first = Grid.IdxX * Group.DimY; first < order.Bundles; first += Grid.DimX * Group.DimY)
            {
                MultiplyBundle(tile, first + Group.IdxY, firstVector + Group.IdxX);
            }
        }
    }

    private void MultiplyBundle(WideTile tile, int bundle, int vector)
    {
        Float8 sum0 = terms.Start8(order.Row(bundle, 0), vector);
        Float8 sum1 = terms.Start8(order.Row(bundle, 1), vector);
        Float8 sum2 = terms.Start8(order.Row(bundle, 2), vector);
        Float8 sum3 = terms.Start8(order.Row(bundle, 3), vector);
        Float8 sum4 = terms.Start8(order.Row(bundle, 4), vector);
        Float8 sum5 = terms.Start8(order.Row(bundle, 5), vector);
        Float8 sum6 = terms.Start8(order.Row(bundle, 6), vector);
        Float8 sum7 = terms.Start8(order.Row(bundle, 7), vector);

        // Each firing is fetched when the one before it begins, past the ends of chunks.
        int at = order.First(bundle);
        Float4 nextValues = records[at];
        int nextFiring = order.Firing(at);
        for (int chunk = 0; chunk < order.Chunks.Count; chunk++)
        {
            // The group is still reading the chunk before.
            Group.Barrier();
            tile.LoadFour(terms.Input, order.Chunks.First(chunk), order.Chunks.Width(chunk), vector, terms.Tokens);
            Group.Barrier();
            int end = order.End(bundle, chunk);
            Quad8 quad = default;
            for (; at < end; at++)
            {
                int firing = nextFiring;
                Float4 values = nextValues;
                nextValues = records[at + 1];
                nextFiring = order.Firing(at + 1);
                if (firing < 0)
                {
                    quad = tile.QuadAt((firing >> QuadFirings.PlaceShift) & QuadFirings.PlaceMask);
                }

                switch (firing & QuadFirings.RowMask)
                {
                    case 0:
                        sum0 = quad.AddTo(sum0, values);
                        break;
                    case 1:
                        sum1 = quad.AddTo(sum1, values);
                        break;
                    case 2:
                        sum2 = quad.AddTo(sum2, values);
                        break;
                    case 3:
                        sum3 = quad.AddTo(sum3, values);
                        break;
                    case 4:
                        sum4 = quad.AddTo(sum4, values);
                        break;
                    case 5:
                        sum5 = quad.AddTo(sum5, values);
                        break;
                    case 6:
                        sum6 = quad.AddTo(sum6, values);
                        break;
                    case 7:
                        sum7 = quad.AddTo(sum7, values);
                        break;
                }
            }
        }

        terms.Write8(order.Row(bundle, 0), vector, sum0);
        terms.Write8(order.Row(bundle, 1), vector, sum1);
        terms.Write8(order.Row(bundle, 2), vector, sum2);
        terms.Write8(order.Row(bundle, 3), vector, sum3);
        terms.Write8(order.Row(bundle, 4), vector, sum4);
        terms.Write8(order.Row(bundle, 5), vector, sum5);
        terms.Write8(order.Row(bundle, 6), vector, sum6);
        terms.Write8(order.Row(bundle, 7), vector, sum7);
    }
}
