using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// dK = Q dS^T and dV = dO (M P)^T of one key head: lanes hold keys, and the group goes through the queries tile by tile, of all heads that read it.
/// </summary>
internal readonly struct KeyValueGradientKernel<TDistance>(AttentionGradients operands, ScalarMatrix dk, ScalarMatrix dv) : IKernel
    where TDistance : struct, IDistanceRule
{
    public void Invoke()
    {
        ArrayView<Float4> probabilities = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        ArrayView<Float4> gradients = SharedMemory.Allocate<Float4>(GroupShapes.MostThreads * Float4.Width);
        TDistance rule = default;
        AttentionShape shape = operands.Shape;
        int keys = shape.FirstVector + Work.First;
        int first = shape.FirstVector + (Grid.IdxX * Group.DimX);
        int end = shape.EndVectorOf(rule.EndQuery(shape, shape.IndexOf(first + Group.DimX) - 1));
        int keyRow = Grid.IdxY * shape.HeadSize;
        for (int feature = Group.IdxY; feature - Group.IdxY < shape.HeadSize; feature += AttentionTile.ThreadFeatures * Group.DimY)
        {
            AttentionSums keySums = default;
            AttentionSums valueSums = default;
            int query = Grid.IdxY * shape.GroupSize;
            for (int heads = shape.GroupSize; heads > 0; heads--)
            {
                AttentionTile head = new(shape, query, rule.Slope(shape, query));
                for (int tile = first; tile < end; tile += Group.DimY)
                {
                    Store(head, keys, tile + Group.IdxY, probabilities, gradients);
                    Group.Barrier();
                    keySums = keySums.Plus(shape, gradients, operands.Q, head.FirstRow, feature, tile, end);
                    valueSums = valueSums.Plus(shape, probabilities, operands.OutputGradient, head.FirstRow, feature, tile, end);
                    Group.Barrier();
                }

                query++;
            }

            keySums.Write(shape, dk, keyRow, feature, keys);
            valueSums.Write(shape, dv, keyRow, feature, keys);
        }
    }

    /// <summary>Stores M P and dS: a row for each query, a lane for each key.</summary>
    private void Store(in AttentionTile head, int keys, int queries, ArrayView<Float4> probabilities, ArrayView<Float4> gradients)
    {
        int keyRow = Grid.IdxY * head.Shape.HeadSize;
        Block4 scores = head.Products(operands.K, keyRow, keys, operands.Q, head.FirstRow, queries);
        Block4 changes = head.Products(operands.V, keyRow, keys, operands.OutputGradient, head.FirstRow, queries);
        int query = head.Shape.IndexOf(queries);
        int key = head.Shape.IndexOf(keys);
        Float4 normalizers = head.Statistics(operands.LogSumExp, query);
        Float4 rowSums = head.Statistics(operands.RowSums, query);
        Block4 given = new(
            Probabilities(head, scores.Row0, normalizers.X, query, key), Probabilities(head, scores.Row1, normalizers.Y, query + 1, key),
            Probabilities(head, scores.Row2, normalizers.Z, query + 2, key), Probabilities(head, scores.Row3, normalizers.W, query + 3, key));
        Block4 kept = given;
        if (head.Shape.HasDropout)
        {
            Block4 factors = new(head.Dropout(query, key), head.Dropout(query + 1, key), head.Dropout(query + 2, key), head.Dropout(query + 3, key));
            kept *= factors;
            changes *= factors;
        }

        kept.Store(probabilities);
        new Block4(
            Gradients(head, given.Row0, changes.Row0, rowSums.X, query, key), Gradients(head, given.Row1, changes.Row1, rowSums.Y, query + 1, key),
            Gradients(head, given.Row2, changes.Row2, rowSums.Z, query + 2, key),
            Gradients(head, given.Row3, changes.Row3, rowSums.W, query + 3, key)).Store(gradients);
    }

    private static Float4 Probabilities(in AttentionTile head, Float4 scores, float normalizer, int query, int key) => new(
        AttentionGradient.Probability<TDistance>(head, scores.X, normalizer, query, key),
        AttentionGradient.Probability<TDistance>(head, scores.Y, normalizer, query, key + 1),
        AttentionGradient.Probability<TDistance>(head, scores.Z, normalizer, query, key + 2),
        AttentionGradient.Probability<TDistance>(head, scores.W, normalizer, query, key + 3));

    private static Float4 Gradients(in AttentionTile head, Float4 probabilities, Float4 changes, float rowSum, int query, int key) => new(
        AttentionGradient.ScoreGradient<TDistance>(head, probabilities.X, changes.X, rowSum, query, key),
        AttentionGradient.ScoreGradient<TDistance>(head, probabilities.Y, changes.Y, rowSum, query, key + 1),
        AttentionGradient.ScoreGradient<TDistance>(head, probabilities.Z, changes.Z, rowSum, query, key + 2),
        AttentionGradient.ScoreGradient<TDistance>(head, probabilities.W, changes.W, rowSum, query, key + 3));
}
