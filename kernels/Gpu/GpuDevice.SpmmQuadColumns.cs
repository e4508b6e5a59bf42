using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <content>Transposed sparse times dense where rows share their columns four by four.</content>
internal sealed partial class GpuDevice
{
    private void LaunchSpmmQuadsTransposed(GpuQuads quads, ArrayView<float> values, in SpmmTerms terms)
    {
        if (HasLargeTiles)
        {
            LaunchSpmmQuadColumns<DynamicTileMemory>(quads, values, terms, InputTile.Elements(ChunkColumns));
        }
        else
        {
            LaunchSpmmQuadColumns<StaticTileMemory>(quads, values, terms, InputTile.Elements(InputTile.StaticColumns));
        }
    }

    private void LaunchSpmmQuadColumns<TMemory>(GpuQuads quads, ArrayView<float> values, in SpmmTerms terms, int elements)
        where TMemory : struct, ITileMemory
    {
        int teams = Math.Min(shapes.Teams, TMemory.RangeTeams);
        int tiles = Math.Min(DivideUp(VectorsOf(terms.Tokens), shapes.TeamLanes), shapes.MaxTiles);
        int rangeTeams = Math.Min(shapes.MaxRanges, TMemory.GroupsPerMultiprocessor * Cores) * teams;
        GpuQuadColumns order = quads.Transposed(tiles, rangeTeams, (elements / TMemory.RangeTeams / GpuQuadColumns.Stride) - 1);
        int count = order.Batches * GpuQuads.Batch;

        // Some more, since a batch is fetched ahead.
        ArrayView<Float4> records = Reserve(ref firedRecords, count + GpuQuads.Batch);
        LaunchLinear(count, quads.Fire(values, order.Numbers, count, records));
        int groups = Math.Min(DivideUp(order.Ranges, teams), shapes.MaxRanges);
        if (tiles > 0 && groups > 0)
        {
            SharedMemoryConfig memory = HasLargeTiles ? SharedMemoryConfig.RequestDynamic<Float4>(elements) : default;
            kernels.Launch(
                new Index3D(groups, Math.Min(tiles, ushort.MaxValue), 1), new Index3D(shapes.TeamLanes, teams, 1),
                new SpmmQuadColumnsKernel<TMemory>(new SpmmQuadColumns(order.View, records, terms)), memory);
        }
    }
}

/// <summary>dx = W^T dy, where rows of W share their columns four by four.</summary>
/// <typeparam name="TMemory">Where a group's sums lie.</typeparam>
internal readonly struct SpmmQuadColumnsKernel<TMemory>(SpmmQuadColumns product) : IKernel
    where TMemory : struct, ITileMemory
{
    public static int GroupsPerMultiprocessor => 2;

    public static int MostThreads => TMemory.RangeTeams * GroupShapes.GpuTeamLanes;

    public void Invoke() => product.Multiply(default(TMemory).Take());
}

/// <summary>
/// dx = W^T dy. A team of lanes, a vector of tokens each, takes a range of rows of dx, whose sums lie in shared memory of its own, and goes through the
/// quads of dy: their four vectors are in registers while they fire into each of the rows that have them. A row's non-zeros are added in their own
/// order, so no result depends on how rows are shared out.
/// </summary>
internal readonly struct SpmmQuadColumns(QuadColumnsView order, ArrayView<Float4> records, SpmmTerms terms)
{
    /// <summary>A group's part of the product.</summary>
    public void Multiply(ArrayView<Float4> memory)
    {
        // From the own lane of the own team on.
        ArrayView<Float4> sums = memory.SubView((Group.IdxY * (order.RangeRows + 1) * GpuQuadColumns.Stride) + Group.IdxX);
        int vectors = terms.Vectors;
        for (int vector = (Grid.IdxY * Group.DimX) + Group.IdxX; vector < vectors; vector += Grid.DimY * Group.DimX)
        {
            for (int range = (Grid.IdxX * Group.DimY) + Group.IdxY; range < order.Ranges; range += Grid.DimX * Group.DimY)
            {
                MultiplyRange(sums, range, vector);
            }
        }
    }

    private void MultiplyRange(ArrayView<Float4> sums, int range, int vector)
    {
        const uint Mask = (1 << GpuQuads.PlaceBits) - 1;
        sums[0] = default;
        for (int slot = 0; slot < order.RangeRows; slot++)
        {
            sums[GpuQuadColumns.Place(slot)] = terms.Start(order.Row(range, slot), vector);
        }

        Int2 first = order.First(range);
        int end = order.First(range + 1).X;
        int batch = first.Y;
        uint places = order.Places(batch);
        Float4 values0 = records[batch * GpuQuads.Batch];
        Float4 values1 = records[(batch * GpuQuads.Batch) + 1];
        Int2 next = order.Step(first.X);
        QuadSums input = Load(next.X, vector);
        for (int step = first.X; step < end; step++)
        {
            QuadSums quad = input;
            int endBatch = next.Y;

            // Fetched while this quad fires. What stands under no condition ILGPU moves to the end of the round.
            if (step + 1 < end)
            {
                next = order.Step(step + 1);
                input = Load(next.X, vector);
            }

            for (; batch < endBatch; batch++)
            {
                int place0 = (int)(places & Mask);
                int place1 = (int)(places >> GpuQuads.PlaceBits);
                Float4 sum0 = sums[place0];
                Float4 sum1 = sums[place1];
                sums[place0] = quad.AddTo(sum0, values0);
                sums[place1] = quad.AddTo(sum1, values1);
                values0 = records[(batch + 1) * GpuQuads.Batch];
                values1 = records[((batch + 1) * GpuQuads.Batch) + 1];
                places = order.Places(batch + 1);
            }
        }

        for (int slot = 0; slot < order.RangeRows; slot++)
        {
            terms.Write(order.Row(range, slot), vector, sums[GpuQuadColumns.Place(slot)]);
        }
    }

    /// <summary>A vector of tokens of the four rows from one on.</summary>
    private QuadSums Load(int row, int vector)
    {
        VectorMatrix input = terms.Input;
        return (vector * Float4.Width) + Float4.Width <= terms.Tokens
            ? new QuadSums(input[row, vector], input[row + 1, vector], input[row + 2, vector], input[row + 3, vector])
            : new QuadSums(
                input.Tokens(row, vector, terms.Tokens), input.Tokens(row + 1, vector, terms.Tokens),
                input.Tokens(row + 2, vector, terms.Tokens), input.Tokens(row + 3, vector, terms.Tokens));
    }
}
