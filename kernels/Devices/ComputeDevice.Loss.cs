using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.Kernels.Devices;

/// <content>The loss.</content>
public abstract partial class ComputeDevice
{
    private float[] lossMask = [];

    /// <summary>
    /// Softmax cross-entropy of each token: losses[t] = weights[t] (log sum exp logits[:, t] - logits[labels[t], t]);
    /// hits[t] = weights[t] where the label has the largest logit (the lowest index wins a tie), else 0. A token whose weight is 0 gives 0, whatever
    /// its label.
    /// </summary>
    /// <param name="logits">
    /// [vocabulary, tokens]. With <paramref name="gradientScale"/>, replaced by the gradient gradientScale weights[t] (softmax - onehot).
    /// </param>
    /// <param name="labels">[tokens].</param>
    /// <param name="weights">[tokens]: the loss mask.</param>
    /// <param name="losses">Receives [tokens].</param>
    /// <param name="hits">Receives [tokens].</param>
    /// <param name="gradientScale">The factor of the gradient; null leaves <paramref name="logits"/> as they are.</param>
    public void SoftmaxCrossEntropy(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits,
        float? gradientScale)
    {
        int tokens = logits.Columns;
        RequireActivations(logits);
        RequireLength(labels, tokens);
        RequireLength(weights, tokens);
        RequireLength(losses, tokens);
        RequireLength(hits, tokens);
        RequireLabels(labels, weights, logits.Rows, tokens);
        long start = Begin();
        SoftmaxCrossEntropyCore(logits, labels, weights, losses, hits, gradientScale);
        Done()?.Add("loss", OperationKind.Other, start, 0, (logits.Rows, tokens, 0));
    }

    private protected abstract void SoftmaxCrossEntropyCore(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits,
        float? gradientScale);

    // A label outside the vocabulary is usually one that does not count, but only the weights, which are read back then, tell.
    private void RequireLabels(DeviceBuffer<int> labels, DeviceBuffer<float> weights, int vocabulary, int tokens)
    {
        ReadOnlySpan<int> entries = Integers(labels)[..tokens];
        ReadOnlySpan<float> mask = default;
        for (int t = 0; t < entries.Length; t++)
        {
            if ((uint)entries[t] >= (uint)vocabulary)
            {
                mask = mask.IsEmpty ? Read(weights, tokens) : mask;
                if (mask[t] != 0)
                {
                    throw new ArgumentException(
                        $"token {t} has the label {entries[t]}; the vocabulary has the entries 0 to {vocabulary - 1}", nameof(labels));
                }
            }
        }
    }

    private ReadOnlySpan<float> Read(DeviceBuffer<float> weights, int tokens)
    {
        if (lossMask.Length < tokens)
        {
            lossMask = new float[tokens];
        }

        Span<float> mask = lossMask.AsSpan(0, tokens);
        weights.CopyTo(mask);
        return mask;
    }
}
