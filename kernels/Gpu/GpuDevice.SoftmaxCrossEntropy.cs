using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>The loss.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void SoftmaxCrossEntropyCore(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits,
        float? gradientScale)
    {
        SoftmaxCrossEntropyKernel kernel = new(
            Scalars(logits), logits.Rows, logits.Columns, View(labels), View(weights), View(losses), View(hits), gradientScale.HasValue ? 1 : 0,
            gradientScale.GetValueOrDefault());
        LaunchTiles(DivideUp(logits.Columns, shapes.TokenLanes), 1, shapes.TokenLanes, kernel);
    }
}

/// <summary>Losses, hits and gradients: lanes along tokens, the other threads of a group along the vocabulary.</summary>
internal readonly struct SoftmaxCrossEntropyKernel(
    ScalarMatrix logits, int vocabulary, int tokens, ArrayView<int> labels, ArrayView<float> weights, ArrayView<float> losses, ArrayView<float> hits,
    int gradient, float gradientScale)
    : IKernel
{
    public void Invoke()
    {
        int own = Work.First;

        // Lanes past the end repeat the last token, since all threads must reach the sums.
        int token = own < tokens ? own : tokens - 1;
        (float maximum, int winner) = Largest(token);
        float sum = SumOfExponentials(token, maximum);
        float weight = weights[token];
        int label = weight == 0 ? 0 : labels[token];
        float loss = weight == 0 ? 0 : weight * (maximum + GpuMath.Log(sum) - logits[label, token]);
        Group.Barrier();
        if (own < tokens)
        {
            if (Group.IdxY == 0)
            {
                losses[token] = loss;
                hits[token] = weight != 0 && winner == label ? weight : 0;
            }

            if (gradient != 0)
            {
                WriteGradient(token, label, weight, maximum, gradientScale * weight / sum);
            }
        }
    }

    /// <summary>The token's largest logit and its index, the lowest of equals.</summary>
    private (float Maximum, int Winner) Largest(int token)
    {
        ArrayView<float> maxima = SharedMemory.Allocate<float>(GroupShapes.MostThreads);
        ArrayView<int> winners = SharedMemory.Allocate<int>(GroupShapes.MostThreads);
        float maximum = float.NegativeInfinity;
        int winner = int.MaxValue;
        for (int v = Group.IdxY; v < vocabulary; v += Group.DimY)
        {
            float logit = logits[v, token];
            winner = logit > maximum ? v : winner;
            maximum = logit > maximum ? logit : maximum;
        }

        int lanes = Group.DimX;
        int thread = (Group.IdxY * lanes) + Group.IdxX;
        maxima[thread] = maximum;
        winners[thread] = winner;
        Group.Barrier();
        for (int other = Group.IdxX; other < lanes * Group.DimY; other += lanes)
        {
            float candidate = maxima[other];
            int index = winners[other];
            bool wins = candidate > maximum || (candidate == maximum && index < winner);
            maximum = wins ? candidate : maximum;
            winner = wins ? index : winner;
        }

        return (maximum, winner);
    }

    private float SumOfExponentials(int token, float maximum)
    {
        BlockedSum sum = default;
        for (int v = Group.IdxY; v < vocabulary; v += Group.DimY)
        {
            sum.Add(new Float4(GpuMath.Exp(logits[v, token] - maximum), 0, 0, 0));
        }

        return LaneSum.Of(sum.Total).X;
    }

    /// <summary>What does not count gets 0 rather than a product with 0: it may be NaN.</summary>
    private void WriteGradient(int token, int label, float weight, float maximum, float factor)
    {
        for (int v = Group.IdxY; v < vocabulary; v += Group.DimY)
        {
            float slope = factor * GpuMath.Exp(logits[v, token] - maximum);
            slope = v == label ? slope - (gradientScale * weight) : slope;
            logits[v, token] = weight == 0 ? 0 : slope;
        }
    }
}
