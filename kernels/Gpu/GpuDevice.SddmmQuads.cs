using ILGPU;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sampled dense-dense product where rows share their columns four by four.</content>
internal sealed partial class GpuDevice
{
    // As long as a group goes through so many tiles, the groups beside it, each with one, write and add up their partial gradients.
    private const double TilesOfPartialGradient = 1.7;

    private void SddmmQuads(
        GpuQuadSamples samples, VectorMatrix dy, VectorMatrix x, int tokens, int nonZeros, ArrayView<float> result, bool accumulate)
    {
        int tiles = SampleTile.Count(tokens);
        int room = Cores * (samples.IsLarge ? DynamicSampleMemory.QuadGroups : StaticSampleMemory.QuadGroups);
        int most = Math.Min(Math.Min(tiles, MaxPartialGradients / nonZeros), Math.Min(MaxSplits, shapes.MaxRanges));
        int splits = QuadSplits(samples.Shares, tiles, most, room);
        ArrayView<float> target = splits == 1 ? result : Reserve(ref partialGradients, (long)splits * nonZeros);
        Index3D grid = new(samples.Shares, splits, 1);
        SddmmQuadsProduct sampled = new(samples.View, dy, x, tokens, target, nonZeros, accumulate && splits == 1 ? 1 : 0);
        if (samples.IsLarge)
        {
            kernels.Launch(
                grid, new Index3D(DynamicSampleMemory.QuadThreads, 1, 1), new SddmmQuadsKernel<DynamicSampleMemory>(sampled),
                SharedMemoryConfig.RequestDynamic<Float4>(DynamicSampleMemory.Elements));
        }
        else
        {
            kernels.Launch(
                grid, new Index3D(Math.Min(StaticSampleMemory.QuadThreads, shapes.Threads), 1, 1), new SddmmQuadsKernel<StaticSampleMemory>(sampled));
        }

        SumParts(target, splits, nonZeros, result, accumulate);
    }

    /// <summary>
    /// Into how many parts tokens are split. Each round of groups that run side by side goes through its part's tiles, and takes as long as for one
    /// more to begin and to end; partial gradients are written and read.
    /// </summary>
    private static int QuadSplits(int shares, int tiles, int most, int room)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int splits = 1; splits <= most; splits++)
        {
            double time = DivideUp(shares * splits, room) * (DivideUp(tiles, splits) + 1.0);
            time += splits == 1 ? 0 : TilesOfPartialGradient * shares * splits / room;
            if (time < least)
            {
                least = time;
                best = splits;
            }
        }

        return best;
    }
}

/// <summary>gradient[p] = dy[row(p), :] . x[column(p), :] for a pattern of quads.</summary>
internal readonly struct SddmmQuadsKernel<TMemory>(SddmmQuadsProduct product) : IKernel
    where TMemory : struct, ISampleMemory
{
    public static int GroupsPerMultiprocessor => TMemory.QuadGroups;

    public static int MostThreads => TMemory.QuadThreads;

    public void Invoke() => product.Sample(default(TMemory).Take());
}

/// <summary>
/// gradient[p] = dy[row(p), :] . x[column(p), :] for a pattern whose rows share their columns four by four. A group goes through its tokens as in
/// <see cref="SddmmProduct"/>; a thread has one batch to itself, and keeps the sums of eight columns by four rows in registers.
/// </summary>
internal readonly struct SddmmQuadsProduct(
    QuadSampleView samples, VectorMatrix dy, VectorMatrix x, int tokens, ArrayView<float> gradient, int nonZeros, int accumulate)
{
    /// <summary>A group's part of the gradient.</summary>
    public void Sample(ArrayView<Float4> memory)
    {
        ArrayView<Float4> columns = memory;
        ArrayView<Float4> rows = memory.SubView(GpuSamples.ChunkColumns * SampleTile.Vectors);
        Int4 share = samples.Share(Grid.IdxX);
        int end = samples.Share(Grid.IdxX + 1).X;
        int passes = (end - share.X + Group.DimX - 1) / Group.DimX;
        int tiles = SampleTile.Count(tokens);
        int firstTile = SampleTile.First(tiles, Grid.IdxY);
        int endTile = SampleTile.First(tiles, Grid.IdxY + 1);
        int own = share.X + Group.IdxX;
        Int4 batch = samples.Batch(own < end ? own : end - 1);
        SampledQuad sums = default;

        // Without a tile, which is without tokens, there are still gradients to write: zeros.
        for (int tile = firstTile; tile < endTile || tile == firstTile; tile++)
        {
            Group.Barrier();
            SampleTile.Load(x, tokens, share.W, samples.Width(share.W), tile * SampleTile.Vectors, columns);
            SampleTile.Load(dy, tokens, share.Y, share.Z, tile * SampleTile.Vectors, rows);
            Group.Barrier();

            // With one pass, as on a GPU, batch and sums stay in registers from the first tile to the last.
            for (int place = own; place < end; place += Group.DimX)
            {
                if (passes > 1)
                {
                    batch = samples.Batch(place);
                }

                bool read = tile == firstTile ? accumulate != 0 : passes > 1;
                if (read)
                {
                    sums = Start(batch, share.Y);
                }
                else if (tile == firstTile)
                {
                    sums = default;
                }

                sums = Add(batch, columns, rows, sums);
                if (passes > 1 || tile + 1 >= endTile)
                {
                    Write(batch, share.Y, sums);
                }
            }
        }
    }

    /// <summary>The gradient so far.</summary>
    private SampledQuad Start(Int4 batch, int firstRow)
    {
        int row = firstRow + RowOf(batch);
        int length = samples.End(row) - samples.Start(row);
        int from = (Grid.IdxY * nonZeros) + (RowQuads.Rows * samples.Start(row)) + batch.Z;
        int count = CountOf(batch);
        return new SampledQuad(
            Column(from, length), count > 1 ? Column(from + 1, length) : default, count > 2 ? Column(from + 2, length) : default,
            count > 3 ? Column(from + 3, length) : default, count > 4 ? Column(from + 4, length) : default,
            count > 5 ? Column(from + 5, length) : default, count > 6 ? Column(from + 6, length) : default,
            count > 7 ? Column(from + 7, length) : default);
    }

    /// <summary>
    /// Adds a tile's part of the dot products. Each thread begins with another vector of the tile, so that threads that read other rows at the same
    /// time read other banks of the shared memory.
    /// </summary>
    /// <remarks>Places are changed from vector to vector, not computed: ILGPU would unpack them in each round.</remarks>
    private static SampledQuad Add(Int4 batch, ArrayView<Float4> columns, ArrayView<Float4> rows, SampledQuad sums)
    {
        int vector = Group.IdxX & (SampleTile.Vectors - 1);
        int row = (RowOf(batch) * SampleTile.Vectors) | vector;
        int column0 = SampleTile.Place(batch.X, 0) | vector;
        int column1 = SampleTile.Place(batch.X, 1) | vector;
        int column2 = SampleTile.Place(batch.X, 2) | vector;
        int column3 = SampleTile.Place(batch.X, 3) | vector;
        int column4 = SampleTile.Place(batch.Y, 0) | vector;
        int column5 = SampleTile.Place(batch.Y, 1) | vector;
        int column6 = SampleTile.Place(batch.Y, 2) | vector;
        int column7 = SampleTile.Place(batch.Y, 3) | vector;
        ArrayView<Float4> rows1 = rows.SubView(SampleTile.Vectors);
        ArrayView<Float4> rows2 = rows.SubView(2 * SampleTile.Vectors);
        ArrayView<Float4> rows3 = rows.SubView(3 * SampleTile.Vectors);
        for (int i = 0; i < SampleTile.Vectors; i++)
        {
            QuadRows four = new(rows[row], rows1[row], rows2[row], rows3[row]);
            sums = new SampledQuad(
                four.Dot(columns[column0], sums.Column0), four.Dot(columns[column1], sums.Column1),
                four.Dot(columns[column2], sums.Column2), four.Dot(columns[column3], sums.Column3),
                four.Dot(columns[column4], sums.Column4), four.Dot(columns[column5], sums.Column5),
                four.Dot(columns[column6], sums.Column6), four.Dot(columns[column7], sums.Column7));
            int next = i ^ (i + 1);
            row ^= next;
            column0 ^= next;
            column1 ^= next;
            column2 ^= next;
            column3 ^= next;
            column4 ^= next;
            column5 ^= next;
            column6 ^= next;
            column7 ^= next;
        }

        return sums;
    }

    private void Write(Int4 batch, int firstRow, SampledQuad sums)
    {
        int row = firstRow + RowOf(batch);
        int length = samples.End(row) - samples.Start(row);
        int to = (Grid.IdxY * nonZeros) + (RowQuads.Rows * samples.Start(row)) + batch.Z;
        int count = CountOf(batch);
        Write(to, length, sums.Column0);
        if (count > 1)
        {
            Write(to + 1, length, sums.Column1);
        }

        if (count > 2)
        {
            Write(to + 2, length, sums.Column2);
        }

        if (count > 3)
        {
            Write(to + 3, length, sums.Column3);
        }

        if (count > 4)
        {
            Write(to + 4, length, sums.Column4);
        }

        if (count > 5)
        {
            Write(to + 5, length, sums.Column5);
        }

        if (count > 6)
        {
            Write(to + 6, length, sums.Column6);
        }

        if (count > 7)
        {
            Write(to + 7, length, sums.Column7);
        }
    }

    /// <summary>A column's gradients in the four rows, each a row's length behind the one before.</summary>
    private Float4 Column(int from, int length) =>
        new(gradient[from], gradient[from + length], gradient[from + (2 * length)], gradient[from + (3 * length)]);

    private void Write(int to, int length, Float4 column)
    {
        gradient[to] = column.X;
        gradient[to + length] = column.Y;
        gradient[to + (2 * length)] = column.Z;
        gradient[to + (3 * length)] = column.W;
    }

    private static int RowOf(Int4 batch) => batch.W & ((1 << GpuQuadSamples.RowBits) - 1);

    private static int CountOf(Int4 batch) => batch.W >> GpuQuadSamples.RowBits;
}

/// <summary>A vector of tokens of each of four rows.</summary>
internal readonly struct QuadRows(Float4 first, Float4 second, Float4 third, Float4 fourth)
{
    /// <summary>Adds their products with a column to its sums.</summary>
    public Float4 Dot(Float4 column, Float4 sums) => new(
        SampleTile.Dot(first, column, sums.X), SampleTile.Dot(second, column, sums.Y), SampleTile.Dot(third, column, sums.Z),
        SampleTile.Dot(fourth, column, sums.W));
}

/// <summary>The sums of eight columns, of each those of its four rows.</summary>
internal readonly struct SampledQuad(
    Float4 column0, Float4 column1, Float4 column2, Float4 column3, Float4 column4, Float4 column5, Float4 column6, Float4 column7)
{
    public readonly Float4 Column0 = column0, Column1 = column1, Column2 = column2, Column3 = column3;
    public readonly Float4 Column4 = column4, Column5 = column5, Column6 = column6, Column7 = column7;
}
