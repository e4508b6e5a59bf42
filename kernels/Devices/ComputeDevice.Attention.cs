using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>Causal self-attention.</content>
public abstract partial class ComputeDevice
{
    /// <summary>
    /// Causal self-attention, tile by tile: output = softmax(scale q^T k, over the keys that the query sees) v. q and output
    /// are [heads x headSize, tokens], k and v [key heads x headSize, tokens].
    /// </summary>
    /// <param name="arguments">Shape, scale and dropout.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="output">Receives the attended values.</param>
    /// <param name="logSumExp">Receives log sum exp of each head's and token's scores [heads x tokens], for the backward pass.</param>
    /// <param name="slopes">
    /// Of each head [heads], what a score falls by for each token between query and key: ALiBi (Press et al., 2022); null for none.
    /// </param>
    public void AttentionForward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, DeviceBuffer<float>? slopes = null)
    {
        (int features, int tokens) = arguments.OperandShape();
        int shared = arguments.KeyValueHeads * arguments.HeadSize;
        RequireActivations(q, features, tokens);
        RequireActivations(k, shared, tokens);
        RequireActivations(v, shared, tokens);
        RequireActivations(output, features, tokens);
        RequireLength(logSumExp, (long)arguments.Heads * tokens);
        RequireSlopes(slopes, arguments.Heads);
        long start = Begin();
        AttentionForwardCore(arguments, q, k, v, output, logSumExp, slopes);
        Done()?.Add("attention", OperationKind.Other, start, Flops(arguments), (features, tokens, arguments.Sequence));
    }

    /// <summary>
    /// Gradients of <see cref="AttentionForward"/>, recomputing the probabilities tile by tile (Dao et al., 2022). dq, dk, dv are written.
    /// </summary>
    public void AttentionBackward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv,
        DeviceBuffer<float>? slopes = null)
    {
        (int features, int tokens) = arguments.OperandShape();
        int shared = arguments.KeyValueHeads * arguments.HeadSize;
        RequireActivations(q, features, tokens);
        RequireActivations(k, shared, tokens);
        RequireActivations(v, shared, tokens);
        RequireActivations(output, features, tokens);
        RequireLength(logSumExp, (long)arguments.Heads * tokens);
        RequireActivations(outputGradient, features, tokens);
        RequireActivations(dq, features, tokens);
        RequireActivations(dk, shared, tokens);
        RequireActivations(dv, shared, tokens);
        RequireSlopes(slopes, arguments.Heads);
        long start = Begin();
        AttentionBackwardCore(arguments, q, k, v, output, logSumExp, outputGradient, dq, dk, dv, slopes);
        Done()?.Add("attention gradient", OperationKind.Other, start, 2 * Flops(arguments), (features, tokens, arguments.Sequence));
    }

    /// <summary>
    /// Causal self-attention of the next token of a sequence: keeps its key and value beside those of the tokens before it, and attends to those that
    /// it sees, without a window all of them: keys[:, position] = k, values[:, position] = v, output = softmax(scale q^T keys[:, 0..position])
    /// values[:, 0..position].
    /// </summary>
    /// <param name="arguments">Shape, scale and the token's position.</param>
    /// <param name="q">The token's query [heads x headSize, 1].</param>
    /// <param name="k">Its key [key heads x headSize, 1].</param>
    /// <param name="v">Its value [key heads x headSize, 1].</param>
    /// <param name="keys">
    /// The keys that are kept [key heads x headSize, capacity]. Columns after the token's may hold anything, before and afterwards; those before its
    /// window any finite numbers.
    /// </param>
    /// <param name="values">The values that are kept [key heads x headSize, capacity], likewise.</param>
    /// <param name="output">Receives the attended values [heads x headSize, 1].</param>
    /// <param name="slopes">
    /// Of each head [heads], what a score falls by for each token between query and key: ALiBi (Press et al., 2022); null for none.
    /// </param>
    public void AttentionDecode(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys,
        in DeviceMatrix values, in DeviceMatrix output, DeviceBuffer<float>? slopes = null)
    {
        int capacity = keys.Columns;
        int features = arguments.FeaturesWithin(capacity);
        int shared = arguments.KeyValueHeads * arguments.HeadSize;
        RequireActivations(q, features, 1);
        RequireActivations(k, shared, 1);
        RequireActivations(v, shared, 1);
        RequireActivations(keys, shared, capacity);
        RequireActivations(values, shared, capacity);
        RequireActivations(output, features, 1);
        RequireSlopes(slopes, arguments.Heads);
        long start = Begin();
        AttentionDecodeCore(arguments, q, k, v, keys, values, output, slopes);
        Done()?.Add("cached attention", OperationKind.Other, start, Flops(arguments), (features, arguments.Position + 1, 0));
    }

    private protected abstract void AttentionForwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, DeviceBuffer<float>? slopes);

    private protected abstract void AttentionBackwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv,
        DeviceBuffer<float>? slopes);

    private protected abstract void AttentionDecodeCore(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys,
        in DeviceMatrix values, in DeviceMatrix output, DeviceBuffer<float>? slopes);

    private static void RequireSlopes(DeviceBuffer<float>? slopes, int heads)
    {
        if (slopes is not null)
        {
            RequireLength(slopes, heads);
        }
    }

    // A score and a value for each pair of a query and a key that it sees.
    private static double Flops(in AttentionArguments arguments)
    {
        double window = Math.Min(arguments.Window, arguments.Sequence);
        double pairs = (window * (window + 1) / 2) + ((arguments.Sequence - window) * window);
        return 4.0 * arguments.Batch * arguments.Heads * arguments.HeadSize * pairs;
    }

    private static double Flops(in AttentionDecodeArguments arguments) =>
        4.0 * arguments.Heads * arguments.HeadSize * (arguments.Position + 1.0 - arguments.FirstKey);
}
