using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Causal self-attention, forward.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void AttentionForwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp) =>
        LaunchAttention(
            arguments,
            new AttentionForwardKernel(new AttentionTile(arguments), Vectors(q), Vectors(k), Vectors(v), Scalars(output), View(logSumExp)));

    private void LaunchAttention<TKernel>(in AttentionArguments arguments, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (arguments.Sequence > 0)
        {
            LaunchTiles(
                DivideUp(AttentionTile.MostVectors(arguments.Sequence), shapes.Lanes), arguments.Batch * arguments.Heads, shapes.Lanes, kernel);
        }
    }
}

/// <summary>
/// output = softmax(scale q^T k) v with the online softmax (Milakov and Gimelshein, 2018; Dao et al., 2022): lanes hold queries, and the
/// group goes through the keys tile by tile. A thread computes the scores of 4 x 4 tokens and accumulates a few features of its queries.
/// </summary>
internal readonly struct AttentionForwardKernel(
    AttentionTile head, VectorMatrix q, VectorMatrix k, VectorMatrix v, ScalarMatrix output, ArrayView<float> logSumExp) : IKernel
{
    public void Invoke()
    {
        ArrayView<Float4> maxima = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads);
        ArrayView<Float4> probabilities = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        int queries = head.FirstVector + Work.First;
        int endOfGroup = head.FirstVector + ((Grid.IdxX + 1) * Group.DimX);
        int end = endOfGroup < head.EndVector ? endOfGroup : head.EndVector;
        for (int feature = Group.IdxY; feature - Group.IdxY < head.HeadSize; feature += AttentionTile.ThreadFeatures * Group.DimY)
        {
            Float4 maximum = Float4.Broadcast(AttentionTile.Masked);
            Float4 sum = default;
            AttentionSums attended = default;
            for (int tile = head.FirstVector; tile < end; tile += Group.DimY)
            {
                int keys = tile + Group.IdxY;
                Block4 own = Scores(queries, keys);
                maxima[(Group.IdxY * Group.DimX) + Group.IdxX] = Larger(Larger(own.Row0, own.Row1), Larger(own.Row2, own.Row3));
                Group.Barrier();
                Float4 previous = maximum;
                int place = Group.IdxX;
                for (int left = Group.DimY; left > 0; left--)
                {
                    maximum = Larger(maxima[place], maximum);
                    place += Group.DimX;
                }

                Float4 decay = GpuMath.Exp(previous - maximum);
                own = new Block4(
                    GpuMath.Exp(own.Row0 - maximum), GpuMath.Exp(own.Row1 - maximum), GpuMath.Exp(own.Row2 - maximum),
                    GpuMath.Exp(own.Row3 - maximum));
                sum = (decay * sum) + (own.Row0 + own.Row1 + own.Row2 + own.Row3);
                if (head.HasDropout)
                {
                    int query = head.IndexOf(queries);
                    int key = head.IndexOf(keys);
                    own *= new Block4(
                        head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key),
                        head.Dropout(query + 3, key)).Transposed;
                }

                own.Store(probabilities);
                Group.Barrier();
                attended = attended.Scaled(decay).Plus(head, probabilities, v, feature, tile, end);
            }

            Float4 total = LaneSum.Of(sum);
            attended.Scaled(Float4.Broadcast(1) / total).Write(head, output, feature, queries);
            if (feature == 0)
            {
                WriteLogSumExp(head.IndexOf(queries), maximum, total);
            }
        }
    }

    /// <summary>Scaled scores: a row for each key, a lane for each query.</summary>
    private Block4 Scores(int queries, int keys)
    {
        Block4 products = head.Products(q, queries, k, keys);
        int query = head.IndexOf(queries);
        int key = head.IndexOf(keys);
        return new Block4(
            Mask(products.Row0, query, key), Mask(products.Row1, query, key + 1), Mask(products.Row2, query, key + 2),
            Mask(products.Row3, query, key + 3));
    }

    private Float4 Mask(Float4 products, int query, int key) => new(
        head.Sees(query, key) ? head.Scale * products.X : AttentionTile.Masked,
        head.Sees(query + 1, key) ? head.Scale * products.Y : AttentionTile.Masked,
        head.Sees(query + 2, key) ? head.Scale * products.Z : AttentionTile.Masked,
        head.Sees(query + 3, key) ? head.Scale * products.W : AttentionTile.Masked);

    private void WriteLogSumExp(int query, Float4 maximum, Float4 sum)
    {
        WriteLogSumExp(query, maximum.X, sum.X);
        WriteLogSumExp(query + 1, maximum.Y, sum.Y);
        WriteLogSumExp(query + 2, maximum.Z, sum.Z);
        WriteLogSumExp(query + 3, maximum.W, sum.W);
    }

    private void WriteLogSumExp(int query, float maximum, float sum)
    {
        if (head.Contains(query))
        {
            logSumExp[head.StatisticOf(query)] = maximum + GpuMath.Log(sum);
        }
    }

    private static Float4 Larger(Float4 a, Float4 b) =>
        new(a.X > b.X ? a.X : b.X, a.Y > b.Y ? a.Y : b.Y, a.Z > b.Z ? a.Z : b.Z, a.W > b.W ? a.W : b.W);
}

/// <summary>A thread's sums for its lane's four tokens: the features first, first + Group.DimY, and so on.</summary>
internal readonly struct AttentionSums(Float4 sum0, Float4 sum1, Float4 sum2, Float4 sum3)
{
    public AttentionSums Scaled(Float4 factor) => new(factor * sum0, factor * sum1, factor * sum2, factor * sum3);

    /// <summary>Adds sum over tokens of tile[token, lane] rows[feature, token].</summary>
    /// <param name="head">The head.</param>
    /// <param name="tile">The group's tile, four rows for each vector of tokens.</param>
    /// <param name="rows">What the tokens carry.</param>
    /// <param name="feature">The thread's first feature, counted in the head.</param>
    /// <param name="first">The tile's first vector.</param>
    /// <param name="end">One past the last vector that counts.</param>
    public AttentionSums Plus(in AttentionTile head, ArrayView<Float4> tile, VectorMatrix rows, int feature, int first, int end)
    {
        int lanes = Group.DimX;
        int step = Group.DimY;
        int row = head.FirstRow + feature;
        Float4 total0 = sum0;
        Float4 total1 = sum1;
        Float4 total2 = sum2;
        Float4 total3 = sum3;
        if (head.IsAligned && feature + (3 * step) < head.HeadSize)
        {
            // Without a branch between them, all loads of a round are on their way together.
            int place = Group.IdxX;
            int row0 = rows.Place(row, first);
            int row1 = rows.Place(row + step, first);
            int row2 = rows.Place(row + (2 * step), first);
            int row3 = rows.Place(row + (3 * step), first);
            for (int left = end - first < step ? end - first : step; left > 0; left--)
            {
                Block4 block = new(tile[place], tile[place + lanes], tile[place + (2 * lanes)], tile[place + (3 * lanes)]);
                total0 = Add(total0, block, rows.At(row0));
                total1 = Add(total1, block, rows.At(row1));
                total2 = Add(total2, block, rows.At(row2));
                total3 = Add(total3, block, rows.At(row3));
                place += Float4.Width * lanes;
                row0++;
                row1++;
                row2++;
                row3++;
            }

            return new AttentionSums(total0, total1, total2, total3);
        }

        for (int vector = first; vector < first + step && vector < end; vector++)
        {
            int at = ((vector - first) * Float4.Width * lanes) + Group.IdxX;
            Block4 block = new(tile[at], tile[at + lanes], tile[at + (2 * lanes)], tile[at + (3 * lanes)]);
            total0 = feature < head.HeadSize ? Add(total0, block, head.Within(rows[row, vector], vector)) : total0;
            total1 = feature + step < head.HeadSize ? Add(total1, block, head.Within(rows[row + step, vector], vector)) : total1;
            total2 = feature + (2 * step) < head.HeadSize ? Add(total2, block, head.Within(rows[row + (2 * step), vector], vector)) : total2;
            total3 = feature + (3 * step) < head.HeadSize ? Add(total3, block, head.Within(rows[row + (3 * step), vector], vector)) : total3;
        }

        return new AttentionSums(total0, total1, total2, total3);
    }

    /// <summary>Writes the sums of the tokens that are in the sequence.</summary>
    public void Write(in AttentionTile head, ScalarMatrix result, int feature, int vector)
    {
        Write(head, result, feature, vector, sum0);
        Write(head, result, feature + Group.DimY, vector, sum1);
        Write(head, result, feature + (2 * Group.DimY), vector, sum2);
        Write(head, result, feature + (3 * Group.DimY), vector, sum3);
    }

    private static void Write(in AttentionTile head, ScalarMatrix result, int feature, int vector, Float4 sum)
    {
        if (feature < head.HeadSize)
        {
            int index = head.IndexOf(vector);
            Write(head, result, feature, index, sum.X);
            Write(head, result, feature, index + 1, sum.Y);
            Write(head, result, feature, index + 2, sum.Z);
            Write(head, result, feature, index + 3, sum.W);
        }
    }

    private static void Write(in AttentionTile head, ScalarMatrix result, int feature, int index, float sum)
    {
        if (head.Contains(index))
        {
            result[head.FirstRow + feature, head.ColumnOf(index)] = sum;
        }
    }

    private static Float4 Add(Float4 sum, Block4 block, Float4 weights) =>
        sum + (weights.X * block.Row0) + (weights.Y * block.Row1) + (weights.Z * block.Row2) + (weights.W * block.Row3);
}
