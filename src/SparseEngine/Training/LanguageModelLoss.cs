using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>The next-token cross-entropy, summed up over passes on the device, with the logits of the last pass.</summary>
internal sealed class LanguageModelLoss : IDisposable
{
    private readonly ComputeDevice device;
    private readonly DeviceBuffer<int> labels;
    private readonly DeviceBuffer<float> weights;
    private readonly DeviceBuffer<float> losses;
    private readonly DeviceBuffer<float> hits;
    private readonly float[] countedWeights;
    private readonly int[] countedLabels;

    public LanguageModelLoss(ComputeDevice device, int vocabulary, int tokens)
    {
        this.device = device;
        Logits = device.AllocateActivations(vocabulary, tokens);
        labels = device.Allocate<int>(tokens);
        weights = device.Allocate<float>(tokens);
        losses = device.Allocate<float>(tokens);
        hits = device.Allocate<float>(tokens);
        countedWeights = new float[tokens];
        countedLabels = new int[tokens];
        Sum = device.AllocateSum();
        Hits = device.AllocateSum();
    }

    /// <summary>The cross-entropies of the tokens that count, in nats, of all passes since <see cref="Reset"/>.</summary>
    public DeviceSum Sum { get; }

    /// <summary>The number of tokens predicted right in these passes.</summary>
    public DeviceSum Hits { get; }

    /// <summary>The logits [vocabulary, tokens]; after <see cref="Compute"/> with a gradient scale, the loss's gradient by them.</summary>
    public DeviceMatrix Logits { get; }

    /// <summary>Starts the sums again.</summary>
    public void Reset()
    {
        Sum.Clear();
        Hits.Clear();
    }

    /// <summary>Computes the head and the loss of a forward pass and adds them to the sums.</summary>
    /// <param name="model">The model, whose forward pass filled <paramref name="workspace"/>.</param>
    /// <param name="workspace">The activations.</param>
    /// <param name="tokenLabels">The next token of each position [tokens].</param>
    /// <param name="mask">1 where a label counts, else 0 [tokens].</param>
    /// <param name="gradientScale">What the summed loss is multiplied by in the gradient; null where no backward pass follows.</param>
    public void Compute(
        GptModel model, GptWorkspace workspace, ReadOnlySpan<int> tokenLabels, ReadOnlySpan<int> mask, float? gradientScale)
    {
        for (int token = 0; token < mask.Length; token++)
        {
            // A label that does not count may be anything; here it becomes one that every device finds in its vocabulary.
            countedWeights[token] = mask[token];
            countedLabels[token] = mask[token] == 0 ? 0 : tokenLabels[token];
        }

        weights.CopyFrom(countedWeights);
        labels.CopyFrom(countedLabels);
        model.Logits(workspace.Normalized, Logits);
        device.SoftmaxCrossEntropy(Logits, labels, weights, losses, hits, gradientScale);
        device.AddSum(losses, Sum);
        device.AddSum(hits, Hits);
    }

    public void Dispose()
    {
        Logits.Buffer.Dispose();
        labels.Dispose();
        weights.Dispose();
        losses.Dispose();
        hits.Dispose();
        Sum.Dispose();
        Hits.Dispose();
    }
}
