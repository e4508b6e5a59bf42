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
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv,
        DeviceBuffer<float>? slopes)
    {
        int tokens = q.Columns;
        int statistics = arguments.Heads * tokens;
        ArrayView<float> rowSums = Reserve(ref attentionRowSums, Math.Max(statistics, 1));
        AttentionGradients operands = new(
            Shape(arguments, slopes, logSumExp), Vectors(q), Vectors(k), Vectors(v), Vectors(outputGradient), View(logSumExp), rowSums);
        ScalarMatrix queryGradient = Scalars(dq);
        ScalarMatrix keyGradient = Scalars(dk);
        ScalarMatrix valueGradient = Scalars(dv);
        LaunchLinear(
            statistics,
            new AttentionRowSumsKernel(Scalars(output), Scalars(outputGradient), arguments.HeadSize, tokens, statistics, rowSums));
        if (IsFull(arguments, slopes))
        {
            LaunchAttention(arguments, arguments.Heads, new QueryGradientKernel<AnyDistance>(operands, queryGradient));
            LaunchAttention(
                arguments, arguments.KeyValueHeads, new KeyValueGradientKernel<AnyDistance>(operands, keyGradient, valueGradient));
        }
        else
        {
            LaunchAttention(arguments, arguments.Heads, new QueryGradientKernel<WindowAndSlope>(operands, queryGradient));
            LaunchAttention(
                arguments, arguments.KeyValueHeads, new KeyValueGradientKernel<WindowAndSlope>(operands, keyGradient, valueGradient));
        }
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
    AttentionShape shape, VectorMatrix q, VectorMatrix k, VectorMatrix v, VectorMatrix outputGradient, ArrayView<float> logSumExp,
    ArrayView<float> rowSums)
{
    public readonly AttentionShape Shape = shape;
    public readonly VectorMatrix Q = q, K = k, V = v, OutputGradient = outputGradient;
    public readonly ArrayView<float> LogSumExp = logSumExp, RowSums = rowSums;
}

/// <summary>What becomes of a block's products in the backward pass.</summary>
internal static class AttentionGradient
{
    /// <summary>The probability that a query gives to a key, from their product and the query's logSumExp.</summary>
    public static float Probability<TDistance>(in AttentionTile head, float product, float normalizer, int query, int key)
        where TDistance : struct, IDistanceRule
    {
        TDistance rule = default;
        float probability = GpuMath.Exp(rule.Score(head.Shape.Scale * product, head.Slope, query - key) - normalizer);
        return Sees<TDistance>(head, query, key) ? probability : 0;
    }

    /// <summary>The gradient of the query's and key's score before it was scaled, where D is the query's.</summary>
    public static float ScoreGradient<TDistance>(
        in AttentionTile head, float probability, float probabilityGradient, float rowSum, int query, int key)
        where TDistance : struct, IDistanceRule
    {
        float gradient = head.Shape.Scale * (probability * (probabilityGradient - rowSum));
        return Sees<TDistance>(head, query, key) ? gradient : 0;
    }

    private static bool Sees<TDistance>(in AttentionTile head, int query, int key)
        where TDistance : struct, IDistanceRule
    {
        TDistance rule = default;
        return head.Sees(query, key) && rule.Sees(head.Shape, query - key);
    }
}
