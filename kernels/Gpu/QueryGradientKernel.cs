using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>dQ = K dS: lanes hold queries, and the group goes through the keys tile by tile.</summary>
internal readonly struct QueryGradientKernel<TDistance>(AttentionGradients operands, ScalarMatrix dq) : IKernel
    where TDistance : struct, IDistanceRule
{
    public void Invoke()
    {
        ArrayView<Float4> gradients = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
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
            AttentionSums sums = default;
            for (int tile = first; tile < end; tile += Group.DimY)
            {
                ScoreGradients(head, queries, tile + Group.IdxY).Store(gradients);
                Group.Barrier();
                sums = sums.Plus(shape, gradients, operands.K, head.FirstKeyRow, feature, tile, end);
                Group.Barrier();
            }

            sums.Write(shape, dq, head.FirstRow, feature, queries);
        }
    }

    /// <summary>dS: a row for each key, a lane for each query.</summary>
    private Block4 ScoreGradients(in AttentionTile head, int queries, int keys)
    {
        Block4 scores = head.Products(operands.Q, head.FirstRow, queries, operands.K, head.FirstKeyRow, keys);
        Block4 changes = head.Products(operands.OutputGradient, head.FirstRow, queries, operands.V, head.FirstKeyRow, keys);
        int query = head.Shape.IndexOf(queries);
        int key = head.Shape.IndexOf(keys);
        if (head.Shape.HasDropout)
        {
            changes *= new Block4(
                head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key), head.Dropout(query + 3, key)).Transposed;
        }

        Float4 normalizers = head.Statistics(operands.LogSumExp, query);
        Float4 rowSums = head.Statistics(operands.RowSums, query);
        return new Block4(
            Row(head, scores.Row0, changes.Row0, normalizers, rowSums, query, key),
            Row(head, scores.Row1, changes.Row1, normalizers, rowSums, query, key + 1),
            Row(head, scores.Row2, changes.Row2, normalizers, rowSums, query, key + 2),
            Row(head, scores.Row3, changes.Row3, normalizers, rowSums, query, key + 3));
    }

    private static Float4 Row(in AttentionTile head, Float4 scores, Float4 changes, Float4 normalizers, Float4 rowSums, int query, int key) => new(
        Gradient(head, scores.X, changes.X, normalizers.X, rowSums.X, query, key),
        Gradient(head, scores.Y, changes.Y, normalizers.Y, rowSums.Y, query + 1, key),
        Gradient(head, scores.Z, changes.Z, normalizers.Z, rowSums.Z, query + 2, key),
        Gradient(head, scores.W, changes.W, normalizers.W, rowSums.W, query + 3, key));

    private static float Gradient(in AttentionTile head, float score, float change, float normalizer, float rowSum, int query, int key)
    {
        float probability = AttentionGradient.Probability<TDistance>(head, score, normalizer, query, key);
        return AttentionGradient.ScoreGradient<TDistance>(head, probability, change, rowSum, query, key);
    }
}
