using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Training;

/// <summary>The next-token cross-entropy of a model, summed up over passes on the device.</summary>
internal sealed class LanguageModelLoss : IDisposable
{
    private readonly ComputeDevice device;
    private readonly GptModel model;
    private readonly TokenLosses ofTokens;
    private readonly float[] countedWeights;
    private readonly int[] countedLabels;
    private DeviceMatrix? ownLogits;

    /// <param name="device">The device that holds the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Tokens of a pass.</param>
    public LanguageModelLoss(ComputeDevice device, GptModel model, int tokens)
    {
        this.device = device;
        this.model = model;
        ofTokens = new TokenLosses(
            device.Allocate<int>(tokens), device.Allocate<float>(tokens), device.Allocate<float>(tokens), device.Allocate<float>(tokens));
        countedWeights = new float[tokens];
        countedLabels = new int[tokens];
        Sum = device.AllocateSum();
        Hits = device.AllocateSum();
    }

    /// <summary>The cross-entropies of the tokens that count, in nats, of all passes since <see cref="Reset"/>.</summary>
    public DeviceSum Sum { get; }

    /// <summary>The number of tokens predicted right in these passes.</summary>
    public DeviceSum Hits { get; }

    /// <summary>Starts the sums again.</summary>
    public void Reset()
    {
        Sum.Clear();
        Hits.Clear();
    }

    /// <summary>Computes the head and the loss of a forward pass and adds them to the sums.</summary>
    /// <param name="workspace">The activations, which the model's forward pass filled.</param>
    /// <param name="tokenLabels">The next token of each position [tokens].</param>
    /// <param name="mask">1 where a label counts, else 0 [tokens].</param>
    /// <param name="gradientScale">What the summed loss is multiplied by in the gradient; null where no backward pass follows.</param>
    public void Compute(GptWorkspace workspace, ReadOnlySpan<int> tokenLabels, ReadOnlySpan<int> mask, float? gradientScale)
    {
        for (int token = 0; token < mask.Length; token++)
        {
            // A label that does not count may be anything; here it becomes one that every device finds in its vocabulary.
            countedWeights[token] = mask[token];
            countedLabels[token] = mask[token] == 0 ? 0 : tokenLabels[token];
        }

        ofTokens.Weights.CopyFrom(countedWeights);
        ofTokens.Labels.CopyFrom(countedLabels);
        model.Loss(workspace, LogitsOf(workspace, gradientScale is not null), ofTokens, gradientScale);
        device.AddSum(ofTokens.Losses, Sum);
        device.AddSum(ofTokens.Hits, Hits);
    }

    public void Dispose()
    {
        ownLogits?.Buffer.Dispose();
        ofTokens.Labels.Dispose();
        ofTokens.Weights.Dispose();
        ofTokens.Losses.Dispose();
        ofTokens.Hits.Dispose();
        Sum.Dispose();
        Hits.Dispose();
    }

    /// <summary>The workspace's own logits, where they are enough: a head that has become sparse needs more.</summary>
    private DeviceMatrix LogitsOf(GptWorkspace workspace, bool training)
    {
        int needed = model.LogitTokens(workspace.Tokens, training);
        if (workspace.Logits.Columns >= needed)
        {
            return workspace.Logits;
        }

        if (ownLogits is not { } own || own.Columns < needed)
        {
            ownLogits?.Buffer.Dispose();
            own = device.AllocateActivations(model.Shape.VocabularySize, needed);
            ownLogits = own;
        }

        return own;
    }
}
