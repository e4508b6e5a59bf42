using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Causal self-attention, forward.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void AttentionForwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, DeviceBuffer<float>? slopes)
    {
        AttentionOperands operands = new(
            Shape(arguments, slopes, logSumExp), Vectors(q), Vectors(k), Vectors(v), Scalars(output), View(logSumExp));
        if (IsFull(arguments, slopes))
        {
            LaunchAttention(arguments, arguments.Heads, new AttentionForwardKernel<AnyDistance>(operands));
        }
        else
        {
            LaunchAttention(arguments, arguments.Heads, new AttentionForwardKernel<WindowAndSlope>(operands));
        }
    }

    private AttentionShape Shape(in AttentionArguments arguments, DeviceBuffer<float>? slopes, DeviceBuffer<float> otherwise) =>
        new(arguments, slopes is not null, View(slopes ?? otherwise));

    /// <summary>Whether a key's distance does not matter.</summary>
    private static bool IsFull(in AttentionArguments arguments, DeviceBuffer<float>? slopes) =>
        slopes is null && arguments.Window >= arguments.Sequence;

    /// <summary>Launches groups for each of the heads that are given, queries' or keys', of each sequence.</summary>
    private void LaunchAttention<TKernel>(in AttentionArguments arguments, int heads, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (arguments.Sequence > 0 && arguments.Batch > 0 && heads > 0)
        {
            kernels.Launch(
                new Index3D(DivideUp(AttentionShape.MostVectors(arguments.Sequence), shapes.Lanes), heads, arguments.Batch),
                new Index3D(shapes.Lanes, shapes.Threads / shapes.Lanes, 1), kernel);
        }
    }
}

/// <summary>The operands of the forward pass.</summary>
internal readonly struct AttentionOperands(
    AttentionShape shape, VectorMatrix q, VectorMatrix k, VectorMatrix v, ScalarMatrix output, ArrayView<float> logSumExp)
{
    public readonly AttentionShape Shape = shape;
    public readonly VectorMatrix Q = q, K = k, V = v;
    public readonly ScalarMatrix Output = output;
    public readonly ArrayView<float> LogSumExp = logSumExp;
}

/// <summary>
/// output = softmax(scale q^T k) v with the online softmax (Milakov and Gimelshein, 2018; Dao et al., 2022): lanes hold queries, and the
/// group goes through the keys tile by tile. A thread computes the scores of 4 x 4 tokens and accumulates a few features of its queries.
/// </summary>
internal readonly struct AttentionForwardKernel<TDistance>(AttentionOperands operands) : IKernel
    where TDistance : struct, IDistanceRule
{
    public void Invoke()
    {
        ArrayView<Float4> maxima = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads);
        ArrayView<Float4> probabilities = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        TDistance rule = default;
        AttentionShape shape = operands.Shape;
        AttentionTile head = new(shape, Grid.IdxY, rule.Slope(shape, Grid.IdxY));
        int queries = shape.FirstVector + Work.First;
        int firstOfGroup = shape.FirstVector + (Grid.IdxX * Group.DimX);
        int endOfGroup = firstOfGroup + Group.DimX;
        int end = endOfGroup < shape.EndVector ? endOfGroup : shape.EndVector;
        int first = shape.VectorOf(rule.FirstKey(shape, shape.IndexOf(firstOfGroup)));
        for (int feature = Group.IdxY; feature - Group.IdxY < shape.HeadSize; feature += AttentionTile.ThreadFeatures * Group.DimY)
        {
            Float4 maximum = Float4.Broadcast(AttentionTile.Masked);
            Float4 sum = default;
            AttentionSums attended = default;
            for (int tile = first; tile < end; tile += Group.DimY)
            {
                int keys = tile + Group.IdxY;
                Block4 own = Scores(head, queries, keys);
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
                if (shape.HasDropout)
                {
                    int query = shape.IndexOf(queries);
                    int key = shape.IndexOf(keys);
                    own *= new Block4(
                        head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key),
                        head.Dropout(query + 3, key)).Transposed;
                }

                own.Store(probabilities);
                Group.Barrier();
                attended = attended.Scaled(decay).Plus(shape, probabilities, operands.V, head.FirstKeyRow, feature, tile, end);
            }

            Float4 total = LaneSum.Of(sum);
            attended.Scaled(Float4.Broadcast(1) / total).Write(shape, operands.Output, head.FirstRow, feature, queries);
            if (feature == 0)
            {
                WriteLogSumExp(head, shape.IndexOf(queries), maximum, total);
            }
        }
    }

    /// <summary>Scaled scores: a row for each key, a lane for each query.</summary>
    private Block4 Scores(in AttentionTile head, int queries, int keys)
    {
        Block4 products = head.Products(operands.Q, head.FirstRow, queries, operands.K, head.FirstKeyRow, keys);
        int query = head.Shape.IndexOf(queries);
        int key = head.Shape.IndexOf(keys);
        return new Block4(
            Scores(head, products.Row0, query, key), Scores(head, products.Row1, query, key + 1), Scores(head, products.Row2, query, key + 2),
            Scores(head, products.Row3, query, key + 3));
    }

    private static Float4 Scores(in AttentionTile head, Float4 products, int query, int key) => new(
        Score(head, products.X, query, key), Score(head, products.Y, query + 1, key), Score(head, products.Z, query + 2, key),
        Score(head, products.W, query + 3, key));

    private static float Score(in AttentionTile head, float product, int query, int key)
    {
        TDistance rule = default;
        float score = rule.Score(head.Shape.Scale * product, head.Slope, query - key);
        return head.Sees(query, key) && rule.Sees(head.Shape, query - key) ? score : AttentionTile.Masked;
    }

    private void WriteLogSumExp(in AttentionTile head, int query, Float4 maximum, Float4 sum)
    {
        WriteLogSumExp(head, query, maximum.X, sum.X);
        WriteLogSumExp(head, query + 1, maximum.Y, sum.Y);
        WriteLogSumExp(head, query + 2, maximum.Z, sum.Z);
        WriteLogSumExp(head, query + 3, maximum.W, sum.W);
    }

    private void WriteLogSumExp(in AttentionTile head, int query, float maximum, float sum)
    {
        if (head.Shape.Contains(query))
        {
            operands.LogSumExp[head.StatisticOf(query)] = maximum + GpuMath.Log(sum);
        }
    }

    private static Float4 Larger(Float4 a, Float4 b) =>
        new(a.X > b.X ? a.X : b.X, a.Y > b.Y ? a.Y : b.Y, a.Z > b.Z ? a.Z : b.Z, a.W > b.W ? a.W : b.W);
}
