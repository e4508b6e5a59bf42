using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Models;

/// <summary>The activations of one batch shape, allocated once and used for every pass of that shape.</summary>
/// <remarks>
/// For training each layer keeps what its backward pass reads and cannot cheaply compute again; what follows from that
/// element by element (the normalizations' outputs and the non-linearity's) and three gradients are shared by all layers.
/// For inference all layers share one set of activations. The loss has its logits where layers have what they share: it comes between the passes.
/// </remarks>
internal sealed class GptWorkspace : IDisposable
{
    private readonly ActivationStore store;
    private readonly DeviceMatrix? residualGradient;
    private readonly DeviceMatrix? branchGradient;
    private readonly DeviceMatrix? wideGradient;
    private readonly DeviceMatrix? secondBranch;

    /// <summary>Allocates activations.</summary>
    /// <param name="device">Where.</param>
    /// <param name="model">The model's shape.</param>
    /// <param name="batch">Sequences in a pass.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    /// <param name="training">Whether backward passes follow.</param>
    /// <param name="logitTokens">Columns of <see cref="Logits"/>.</param>
    public GptWorkspace(ComputeDevice device, ModelParameters model, int batch, int sequence, bool training, int logitTokens = 0)
        : this(device, model, batch, sequence, training, logitTokens, prompt: null, past: null)
    {
    }

    private GptWorkspace(
        ComputeDevice device, ModelParameters model, int batch, int sequence, bool training, int logitTokens, KeyValueCache? prompt,
        KeyValueCache? past)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        Batch = batch;
        Sequence = sequence;
        Tokens = checked(batch * sequence);
        int hidden = model.HiddenSize;

        store = new ActivationStore(device, Tokens);
        InputIds = store.Ids();
        EmbeddingSum = model.EmbeddingLayerNorm ? store.Matrix(hidden) : null;
        EmbeddingNorm = model.EmbeddingLayerNorm ? Normalization.Allocate(store, model.Norm) : null;
        Positions = PositionTables.Create(store, model, past?.Capacity ?? sequence);
        Residual = Repeat(model.Layers + 1, distinct: training ? model.Layers + 1 : 2, () => store.Matrix(hidden));
        int wide = training ? Math.Max(FeedForward.GradientFeatures(model), SelfAttention.GradientFeatures(model)) : 0;
        (DeviceMatrix shared, Logits) = store.Overlapping(hidden + model.FilterSize + wide, model.VocabularySize, logitTokens);
        NormalizedInput = shared.RowRange(0, hidden);
        Activated = shared.RowRange(hidden, model.FilterSize);
        Layers = prompt is null
            ? Repeat(model.Layers, distinct: training ? model.Layers : 1, () => DecoderLayer.Allocate(store, model))
            : LayersThatFill(prompt, model);
        Past = past;
        secondBranch = model.ParallelResidual ? store.Matrix(hidden) : null;
        Normalized = store.Matrix(hidden);
        FinalNorm = Normalization.Allocate(store, model.Norm);
        if (training)
        {
            residualGradient = store.Matrix(hidden);
            branchGradient = store.Matrix(hidden);
            wideGradient = shared.RowRange(hidden + model.FilterSize, wide);
        }
    }

    /// <summary>Sequences in a pass.</summary>
    public int Batch { get; }

    /// <summary>Tokens in a sequence.</summary>
    public int Sequence { get; }

    /// <summary>Tokens in a pass: batch x sequence.</summary>
    public int Tokens { get; }

    /// <summary>The token ids of the pass [tokens], sequence after sequence. Filled by the caller.</summary>
    public DeviceBuffer<int> InputIds { get; }

    /// <summary>The final normalization's output [hidden, tokens]: what the output head reads.</summary>
    public DeviceMatrix Normalized { get; }

    /// <summary>What the loss has for logits [vocabulary, columns], until the backward pass.</summary>
    public DeviceMatrix Logits { get; }

    /// <summary>What the pass's one token attends to beside itself; null where the tokens attend to each other.</summary>
    internal KeyValueCache? Past { get; }

    /// <summary>The position of each sequence's first token.</summary>
    internal int FirstPosition => Past?.Length ?? 0;

    /// <summary>What passes read of positions beside the parameters.</summary>
    internal PositionTables Positions { get; }

    /// <summary>The embeddings' sum before its normalization, where the model has one.</summary>
    internal DeviceMatrix? EmbeddingSum { get; }

    internal NormStatistics? EmbeddingNorm { get; }

    /// <summary>The residual stream before each layer and after the last.</summary>
    internal ImmutableArray<DeviceMatrix> Residual { get; }

    internal ImmutableArray<LayerActivations> Layers { get; }

    /// <summary>The output of a layer's norm1 or norm3, computed anew for the backward pass [hidden, tokens].</summary>
    internal DeviceMatrix NormalizedInput { get; }

    /// <summary>The feed-forward's middle after its non-linearity, computed anew for the backward pass [filter, tokens].</summary>
    internal DeviceMatrix Activated { get; }

    internal NormStatistics FinalNorm { get; }

    /// <summary>The gradient of the residual stream, carried from layer to layer.</summary>
    internal DeviceMatrix ResidualGradient => residualGradient ?? throw ForInference();

    /// <summary>The gradient within a branch [hidden, tokens].</summary>
    internal DeviceMatrix BranchGradient => branchGradient ?? throw ForInference();

    /// <summary>What the attention gives, or its gradient, where it stands beside the feed-forward [hidden, tokens].</summary>
    internal DeviceMatrix SecondBranch => secondBranch ?? throw new InvalidOperationException("attention and feed-forward follow each other");

    /// <summary>The gradient of a feed-forward's middle and gate, or of an attention's output, queries, keys and values in turn.</summary>
    internal DeviceMatrix WideGradient => wideGradient ?? throw ForInference();

    /// <summary>Activations for the first tokens of a sequence, whose keys and values a pass leaves in a cache.</summary>
    internal static GptWorkspace ForPrompt(ComputeDevice device, ModelParameters model, KeyValueCache cache, int tokens) =>
        new(device, model, batch: 1, tokens, training: false, logitTokens: 0, prompt: cache, past: null);

    /// <summary>Activations for the next token of a sequence, pass after pass: each adds its key and value to the cache.</summary>
    internal static GptWorkspace ForNextToken(ComputeDevice device, ModelParameters model, KeyValueCache cache) =>
        new(device, model, batch: 1, sequence: 1, training: false, logitTokens: 0, prompt: null, past: cache);

    /// <inheritdoc/>
    public void Dispose() => store.Dispose();

    private static InvalidOperationException ForInference() => new("the workspace was allocated for inference");

    private static ImmutableArray<T> Repeat<T>(int count, int distinct, Func<T> create)
    {
        List<T> created = [.. Enumerable.Range(0, Math.Min(count, distinct)).Select(_ => create())];
        return [.. Enumerable.Range(0, count).Select(i => created[i % distinct])];
    }

    /// <summary>Layers that share everything but their keys and values, which are the cache's first columns.</summary>
    private ImmutableArray<LayerActivations> LayersThatFill(KeyValueCache cache, ModelParameters model)
    {
        LayerActivations shared = DecoderLayer.Allocate(store, model, default(DeviceMatrix), default(DeviceMatrix));
        return
        [
            .. Enumerable.Range(0, model.Layers).Select(layer => shared with
            {
                Attention = shared.Attention with
                {
                    Key = cache.Keys(layer) with { Columns = Tokens }, Value = cache.Values(layer) with { Columns = Tokens },
                },
            }),
        ];
    }
}
