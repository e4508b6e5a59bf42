using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>Sums over the tokens that count.</summary>
/// <param name="Loss">The sum of the cross-entropies, in nats.</param>
/// <param name="Hits">The number of tokens predicted right.</param>
internal readonly record struct LossSums(double Loss, double Hits);

/// <summary>The next-token cross-entropy of one pass, with the logits it is computed on.</summary>
internal sealed class LanguageModelLoss : IDisposable
{
    private readonly ComputeDevice device;
    private readonly DeviceBuffer<int> labels;
    private readonly DeviceBuffer<float> weights;
    private readonly DeviceBuffer<float> losses;
    private readonly DeviceBuffer<float> hits;
    private readonly float[] perToken;

    public LanguageModelLoss(ComputeDevice device, int vocabulary, int tokens)
    {
        this.device = device;
        Logits = device.AllocateActivations(vocabulary, tokens);
        labels = device.Allocate<int>(tokens);
        weights = device.Allocate<float>(tokens);
        losses = device.Allocate<float>(tokens);
        hits = device.Allocate<float>(tokens);
        perToken = new float[tokens];
    }

    /// <summary>The logits [vocabulary, tokens]; after <see cref="Compute"/> with a gradient scale, the loss's gradient by them.</summary>
    public DeviceMatrix Logits { get; }

    /// <summary>Computes the head and the loss of a forward pass.</summary>
    /// <param name="model">The model, whose forward pass filled <paramref name="workspace"/>.</param>
    /// <param name="workspace">The activations.</param>
    /// <param name="tokenLabels">The next token of each position [tokens].</param>
    /// <param name="mask">1 where a label counts, else 0 [tokens].</param>
    /// <param name="gradientScale">What the summed loss is multiplied by in the gradient; null where no backward pass follows.</param>
    public LossSums Compute(
        GptModel model, GptWorkspace workspace, ReadOnlySpan<int> tokenLabels, ReadOnlySpan<int> mask, float? gradientScale)
    {
        for (int token = 0; token < mask.Length; token++)
        {
            perToken[token] = mask[token];
        }

        weights.CopyFrom(perToken);
        labels.CopyFrom(tokenLabels);
        model.Logits(workspace.Normalized, Logits);
        device.SoftmaxCrossEntropy(Logits, labels, weights, losses, hits, gradientScale);
        return new LossSums(Sum(losses), Sum(hits));
    }

    public void Dispose()
    {
        Logits.Buffer.Dispose();
        labels.Dispose();
        weights.Dispose();
        losses.Dispose();
        hits.Dispose();
    }

    /// <summary>The sum in float64, tokens in order.</summary>
    private double Sum(DeviceBuffer<float> values)
    {
        values.CopyTo(perToken);
        double sum = 0;
        foreach (float value in perToken)
        {
            sum += value;
        }

        return sum;
    }
}
