using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Causal self-attention, backward.</content>
internal sealed partial class GpuDevice
{
    private MemoryBuffer1D<float, Stride1D.Dense>? attentionRowSums;

    /// <inheritdoc/>
    private protected override void AttentionBackwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv)
    {
        int tokens = q.Columns;
        int statistics = arguments.Heads * tokens;
        ArrayView<float> rowSums = Reserve(ref attentionRowSums, Math.Max(statistics, 1));
        AttentionGradients operands = new(
            new AttentionTile(arguments), Vectors(q), Vectors(k), Vectors(v), Vectors(outputGradient), View(logSumExp), rowSums);
        QueryGradientKernel queryGradient = new(operands, Scalars(dq));
        KeyValueGradientKernel keyValueGradient = new(operands, Scalars(dk), Scalars(dv));
        LaunchLinear(
            statistics,
            new AttentionRowSumsKernel(Scalars(output), Scalars(outputGradient), arguments.HeadSize, tokens, statistics, rowSums));
        LaunchAttention(arguments, queryGradient);
        LaunchAttention(arguments, keyValueGradient);
    }
}

/// <summary>D[h, t] = sum over the head's features of dO O.</summary>
internal readonly struct AttentionRowSumsKernel(
    ScalarMatrix output, ScalarMatrix gradient, int headSize, int tokens, int count, ArrayView<float> sums)
    : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            int head = i / tokens;
            int token = i - (head * tokens);
            float sum = 0;
            for (int f = head * headSize; f < (head + 1) * headSize; f++)
            {
                sum += output[f, token] * gradient[f, token];
            }

            sums[i] = sum;
        }
    }
}

/// <summary>
/// The operands of the backward pass. With P the probabilities, recomputed from logSumExp, M dropout's factors and D the row sums of dO O:
/// dV = dO (M P)^T, dS = scale P (M V^T dO - D), dQ = K dS, dK = Q dS^T.
/// </summary>
internal readonly struct AttentionGradients(
    AttentionTile head, VectorMatrix q, VectorMatrix k, VectorMatrix v, VectorMatrix outputGradient, ArrayView<float> logSumExp,
    ArrayView<float> rowSums)
{
    public readonly AttentionTile Head = head;
    public readonly VectorMatrix Q = q, K = k, V = v, OutputGradient = outputGradient;

    /// <summary>logSumExp of four queries from one on.</summary>
    public Float4 LogSumExp(int query) => Head.Statistics(logSumExp, query);

    /// <summary>D of four queries from one on.</summary>
    public Float4 RowSums(int query) => Head.Statistics(rowSums, query);

    /// <summary>The probability that a query gives to a key, from their product and the query's logSumExp.</summary>
    public float Probability(float product, float normalizer, int query, int key)
    {
        float probability = GpuMath.Exp((Head.Scale * product) - normalizer);
        return Head.Sees(query, key) ? probability : 0;
    }

    /// <summary>The gradient of the query's and key's score before it was scaled, where D is the query's.</summary>
    public float ScoreGradient(float probability, float probabilityGradient, float rowSum, int query, int key)
    {
        float gradient = Head.Scale * (probability * (probabilityGradient - rowSum));
        return Head.Sees(query, key) ? gradient : 0;
    }
}

/// <summary>dQ = K dS: lanes hold queries, and the group goes through the keys tile by tile.</summary>
internal readonly struct QueryGradientKernel(AttentionGradients operands, ScalarMatrix dq) : IKernel
{
    public void Invoke()
    {
        ArrayView<Float4> gradients = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        AttentionTile head = operands.Head;
        int queries = head.FirstVector + Work.First;
        int endOfGroup = head.FirstVector + ((Grid.IdxX + 1) * Group.DimX);
        int end = endOfGroup < head.EndVector ? endOfGroup : head.EndVector;
        for (int feature = Group.IdxY; feature - Group.IdxY < head.HeadSize; feature += AttentionTile.ThreadFeatures * Group.DimY)
        {
            AttentionSums sums = default;
            for (int tile = head.FirstVector; tile < end; tile += Group.DimY)
            {
                ScoreGradients(queries, tile + Group.IdxY).Store(gradients);
                Group.Barrier();
                sums = sums.Plus(head, gradients, operands.K, feature, tile, end);
                Group.Barrier();
            }

            sums.Write(head, dq, feature, queries);
        }
    }

    /// <summary>dS: a row for each key, a lane for each query.</summary>
    private Block4 ScoreGradients(int queries, int keys)
    {
        AttentionTile head = operands.Head;
        Block4 scores = head.Products(operands.Q, queries, operands.K, keys);
        Block4 changes = head.Products(operands.OutputGradient, queries, operands.V, keys);
        int query = head.IndexOf(queries);
        int key = head.IndexOf(keys);
        if (head.HasDropout)
        {
            changes *= new Block4(
                head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key), head.Dropout(query + 3, key)).Transposed;
        }

        Float4 normalizers = operands.LogSumExp(query);
        Float4 rowSums = operands.RowSums(query);
        return new Block4(
            Row(scores.Row0, changes.Row0, normalizers, rowSums, query, key), Row(scores.Row1, changes.Row1, normalizers, rowSums, query, key + 1),
            Row(scores.Row2, changes.Row2, normalizers, rowSums, query, key + 2),
            Row(scores.Row3, changes.Row3, normalizers, rowSums, query, key + 3));
    }

    private Float4 Row(Float4 scores, Float4 changes, Float4 normalizers, Float4 rowSums, int query, int key) => new(
        Gradient(scores.X, changes.X, normalizers.X, rowSums.X, query, key),
        Gradient(scores.Y, changes.Y, normalizers.Y, rowSums.Y, query + 1, key),
        Gradient(scores.Z, changes.Z, normalizers.Z, rowSums.Z, query + 2, key),
        Gradient(scores.W, changes.W, normalizers.W, rowSums.W, query + 3, key));

    private float Gradient(float score, float change, float normalizer, float rowSum, int query, int key) =>
        operands.ScoreGradient(operands.Probability(score, normalizer, query, key), change, rowSum, query, key);
}

/// <summary>dK = Q dS^T and dV = dO (M P)^T: lanes hold keys, and the group goes through the queries tile by tile.</summary>
internal readonly struct KeyValueGradientKernel(AttentionGradients operands, ScalarMatrix dk, ScalarMatrix dv) : IKernel
{
    public void Invoke()
    {
        ArrayView<Float4> probabilities = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        ArrayView<Float4> gradients = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        AttentionTile head = operands.Head;
        int keys = head.FirstVector + Work.First;
        int first = head.FirstVector + (Grid.IdxX * Group.DimX);
        for (int feature = Group.IdxY; feature - Group.IdxY < head.HeadSize; feature += AttentionTile.ThreadFeatures * Group.DimY)
        {
            AttentionSums keySums = default;
            AttentionSums valueSums = default;
            for (int tile = first; tile < head.EndVector; tile += Group.DimY)
            {
                Store(keys, tile + Group.IdxY, probabilities, gradients);
                Group.Barrier();
                keySums = keySums.Plus(head, gradients, operands.Q, feature, tile, head.EndVector);
                valueSums = valueSums.Plus(head, probabilities, operands.OutputGradient, feature, tile, head.EndVector);
                Group.Barrier();
            }

            keySums.Write(head, dk, feature, keys);
            valueSums.Write(head, dv, feature, keys);
        }
    }

    /// <summary>Stores M P and dS: a row for each query, a lane for each key.</summary>
    private void Store(int keys, int queries, ArrayView<Float4> probabilities, ArrayView<Float4> gradients)
    {
        AttentionTile head = operands.Head;
        Block4 scores = head.Products(operands.K, keys, operands.Q, queries);
        Block4 changes = head.Products(operands.V, keys, operands.OutputGradient, queries);
        int query = head.IndexOf(queries);
        int key = head.IndexOf(keys);
        Float4 normalizers = operands.LogSumExp(query);
        Float4 rowSums = operands.RowSums(query);
        Block4 given = new(
            Probabilities(scores.Row0, normalizers.X, query, key), Probabilities(scores.Row1, normalizers.Y, query + 1, key),
            Probabilities(scores.Row2, normalizers.Z, query + 2, key), Probabilities(scores.Row3, normalizers.W, query + 3, key));
        Block4 kept = given;
        if (head.HasDropout)
        {
            Block4 factors = new(head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key), head.Dropout(query + 3, key));
            kept *= factors;
            changes *= factors;
        }

        kept.Store(probabilities);
        new Block4(
            Gradients(given.Row0, changes.Row0, rowSums.X, query, key), Gradients(given.Row1, changes.Row1, rowSums.Y, query + 1, key),
            Gradients(given.Row2, changes.Row2, rowSums.Z, query + 2, key),
            Gradients(given.Row3, changes.Row3, rowSums.W, query + 3, key)).Store(gradients);
    }

    private Float4 Probabilities(Float4 scores, float normalizer, int query, int key) => new(
        operands.Probability(scores.X, normalizer, query, key), operands.Probability(scores.Y, normalizer, query, key + 1),
        operands.Probability(scores.Z, normalizer, query, key + 2), operands.Probability(scores.W, normalizer, query, key + 3));

    private Float4 Gradients(Float4 probabilities, Float4 changes, float rowSum, int query, int key) => new(
        operands.ScoreGradient(probabilities.X, changes.X, rowSum, query, key),
        operands.ScoreGradient(probabilities.Y, changes.Y, rowSum, query, key + 1),
        operands.ScoreGradient(probabilities.Z, changes.Z, rowSum, query, key + 2),
        operands.ScoreGradient(probabilities.W, changes.W, rowSum, query, key + 3));
}
