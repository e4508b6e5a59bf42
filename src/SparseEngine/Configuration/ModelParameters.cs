using System.Text.Json.Serialization;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Configuration;

/// <summary>The model section: a decoder of the GPT family as the Model Zoo builds it.</summary>
public sealed record ModelParameters
{
    /// <summary>Entries of the token vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Features of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; divides <see cref="AttentionSize"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Groups of heads that share keys and values (Ainslie et al., 2023): 1 for multi-query attention; null for one of each head.</summary>
    public int? KeyValueGroups { get; init; }

    /// <summary>Features of the queries of all heads; null for <see cref="HiddenSize"/>.</summary>
    public int? AttentionInnerSize { get; init; }

    /// <summary>Features of the feed-forward's middle.</summary>
    public required int FilterSize { get; init; }

    /// <summary>The longest sequence, where positions are embedded by a table, learned or fixed.</summary>
    public int MaxPositionEmbeddings { get; init; } = 1024;

    /// <summary>How the model knows where a token stands.</summary>
    public PositionEmbedding PositionEmbedding { get; init; } = PositionEmbedding.Learned;

    /// <summary>The rotation of queries and keys, with <see cref="PositionEmbedding.Rotary"/>.</summary>
    public RotaryParameters? Rotary { get; init; }

    /// <summary>What positions are divided by before they are embedded (Chen et al., 2023): rotary ones and ALiBi's distances.</summary>
    public double PositionScalingFactor { get; init; } = 1;

    /// <summary>Whether the output head is the word table.</summary>
    public bool ShareEmbeddingWeights { get; init; } = true;

    /// <summary>Whether a layer normalization (embedding_ln_f) follows the embeddings.</summary>
    public bool EmbeddingLayerNorm { get; init; }

    /// <summary>Dropout of the attention output and the feed-forward output, in [0, 1).</summary>
    public double DropoutRate { get; init; }

    /// <summary>Dropout of the embeddings' sum, in [0, 1).</summary>
    public double EmbeddingDropoutRate { get; init; }

    /// <summary>Dropout of the attention probabilities, in [0, 1).</summary>
    public double AttentionDropoutRate { get; init; }

    /// <summary>The normalizations of the residual stream.</summary>
    public NormKind Norm { get; init; } = NormKind.LayerNorm;

    /// <summary>Added to the variance in normalizations.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether attention and feed-forward both read the layer's input, and their outputs are added to it at once, as in GPT-J.</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>With <see cref="ParallelResidual"/>, whether the feed-forward has a normalization of its own, as in GPT-NeoX.</summary>
    public bool UntiedLayerNorm { get; init; }

    /// <summary>True for scaled_dot_product (1/sqrt(head size)), false for dot_product.</summary>
    public bool ScaledAttention { get; init; } = true;

    /// <summary>Whether <see cref="ScaledAttention"/> means 1/(head size), for muP.</summary>
    public bool ScaleAttentionByHeadSize { get; init; }

    /// <summary>Whether scores are also divided by the layer's number, 1 for the first.</summary>
    public bool ScaleAttentionByLayer { get; init; }

    /// <summary>What scores are multiplied by besides.</summary>
    public double AttentionLogitsAlpha { get; init; } = 1;

    /// <summary>The number of keys that a query sees, its own the last of them; null for all before it.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>The normalization of each head's queries and keys; null for none.</summary>
    public NormKind? QueryKeyNorm { get; init; }

    /// <summary>Added to the variance in <see cref="QueryKeyNorm"/>.</summary>
    public double QueryKeyNormEpsilon { get; init; } = 1e-5;

    /// <summary>Biases on the query, key and value projections.</summary>
    public bool UseProjectionBiasInAttention { get; init; } = true;

    /// <summary>A bias on the attention's output projection.</summary>
    public bool UseFfnBiasInAttention { get; init; } = true;

    /// <summary>Biases on the feed-forward layers.</summary>
    public bool UseFfnBias { get; init; } = true;

    /// <summary>A bias on the output head.</summary>
    public bool UseBiasInOutput { get; init; }

    /// <summary>The non-linearity of the feed-forward, or of its gate.</summary>
    public Activation Nonlinearity { get; init; } = Activation.Gelu;

    /// <summary>
    /// Whether the feed-forward's middle is a product, (W x + b) f(V x + c), of which V x + c is the gate (Shazeer, 2020): swiglu, geglu, reglu,
    /// liglu.
    /// </summary>
    public bool GatedFeedForward { get; init; }

    /// <summary>Standard deviation of the default initializers.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Initializer of the embedding tables; null for the default.</summary>
    public InitializerParameters? EmbeddingInitializer { get; init; }

    /// <summary>Initializer of the linear layers; null for the default.</summary>
    public InitializerParameters? Initializer { get; init; }

    /// <summary>Initializer of each layer's two output projections (attention and feed-forward); null for the default.</summary>
    public InitializerParameters? OutputLayerInitializer { get; init; }

    /// <summary>What the embeddings' sum is multiplied by, after its normalization.</summary>
    public double EmbeddingsScale { get; init; } = 1;

    /// <summary>
    /// The hidden size of the model whose hyperparameters this one takes over, by maximal update parametrization (Yang et al., 2022); null
    /// without it.
    /// </summary>
    public double? MupBaseHiddenSize { get; init; }

    /// <summary>The filter size of that model; given where <see cref="MupBaseHiddenSize"/> is.</summary>
    public double? MupBaseFilterSize { get; init; }

    /// <summary>With muP, what logits are multiplied by besides the ratio of hidden sizes.</summary>
    public double OutputLogitsAlpha { get; init; } = 1;

    /// <summary>With muP, whether logits are multiplied by the ratio of hidden sizes itself rather than by its root.</summary>
    public bool ScaleOutputLogitsByWidth { get; init; } = true;

    /// <summary>Without muP's base sizes, what logits are multiplied by: the way of Model Zoo 1.9 to 2.2.</summary>
    public double OutputLogitsScale { get; init; } = 1;

    /// <summary>How the summed loss is scaled.</summary>
    public LossScaling LossScaling { get; init; } = LossScaling.NumTokens;

    /// <summary>The factor of the loss with <see cref="LossScaling.BatchSize"/>.</summary>
    public double LossWeight { get; init; } = 1;

    /// <summary>Whether evaluation also computes perplexity and accuracy.</summary>
    public bool ComputeEvalMetrics { get; init; } = true;

    /// <summary>Features of the queries of all heads.</summary>
    [JsonIgnore]
    public int AttentionSize => AttentionInnerSize ?? HiddenSize;

    /// <summary>Features of one head.</summary>
    [JsonIgnore]
    public int HeadSize => AttentionSize / Heads;

    /// <summary>Heads of keys and values.</summary>
    [JsonIgnore]
    public int KeyValueHeads => KeyValueGroups ?? Heads;

    /// <summary>Features of the keys, and of the values, of all groups.</summary>
    [JsonIgnore]
    public int KeyValueSize => KeyValueHeads * HeadSize;

    /// <summary>Whether positions are embedded by a table [positions, hidden], learned or fixed, which limits a sequence's length.</summary>
    [JsonIgnore]
    public bool HasPositionTable => PositionEmbedding is PositionEmbedding.Learned or PositionEmbedding.Fixed;

    /// <summary>muP's ratio of hidden sizes, base over this model's; 1 without muP.</summary>
    [JsonIgnore]
    public double HiddenRatio => MupBaseHiddenSize is { } hidden ? hidden / HiddenSize : 1;

    /// <summary>muP's ratio of filter sizes, base over this model's; 1 without muP.</summary>
    [JsonIgnore]
    public double FilterRatio => MupBaseFilterSize is { } filter ? filter / FilterSize : 1;

    /// <summary>What logits are multiplied by.</summary>
    [JsonIgnore]
    public double LogitsScale => MupBaseHiddenSize is null
        ? OutputLogitsScale
        : OutputLogitsAlpha * (ScaleOutputLogitsByWidth ? HiddenRatio : Math.Sqrt(HiddenRatio));

    /// <summary>What a query times a key is multiplied by before the softmax.</summary>
    /// <param name="layer">The decoder layer, 0 for the first.</param>
    public double AttentionScale(int layer)
    {
        double byHead = !ScaledAttention ? 1 : ScaleAttentionByHeadSize ? 1.0 / HeadSize : 1 / Math.Sqrt(HeadSize);
        return AttentionLogitsAlpha * byHead / (ScaleAttentionByLayer ? layer + 1 : 1);
    }
}

/// <summary>How a model knows where a token stands in its sequence.</summary>
public enum PositionEmbedding
{
    /// <summary>A learned table is added to the embeddings.</summary>
    Learned,

    /// <summary>A fixed table of sines and cosines is added to the embeddings (Vaswani et al., 2017).</summary>
    Fixed,

    /// <summary>Queries and keys are rotated (Su et al., 2021).</summary>
    Rotary,

    /// <summary>Scores fall with the distance, in each head by another slope: ALiBi (Press et al., 2022).</summary>
    Alibi,

    /// <summary>It does not, but by its causal mask.</summary>
    None,
}

/// <summary>
/// Rotary position embedding (Su et al., 2021): pairs (2i, 2i + 1) of each head's first features are turned by position x frequency i.
/// </summary>
/// <param name="Dimensions">The features that are turned, of each head: an even number; the others stay as they are.</param>
/// <param name="Theta">Frequency i is theta^(-2i / dimensions).</param>
public sealed record RotaryParameters(int Dimensions, double Theta = 10000)
{
    /// <summary>
    /// How low frequencies are slowed down for long sequences, with <see cref="ModelParameters.PositionScalingFactor"/>; null: all alike.
    /// </summary>
    public Llama3Scaling? Llama3 { get; init; }
}

/// <summary>Llama 3.1's scaling of rotary frequencies: those with a long wave are divided by the factor, those with a short one are not.</summary>
/// <param name="LowFrequencyFactor">A wave longer than the original positions over this is divided by the whole factor.</param>
/// <param name="HighFrequencyFactor">A wave shorter than the original positions over this stays; between the two it changes smoothly.</param>
/// <param name="OriginalPositions">The positions that the model was first trained with.</param>
public sealed record Llama3Scaling(double LowFrequencyFactor = 1, double HighFrequencyFactor = 4, int OriginalPositions = 8192);

/// <summary>The normalizations of a model, by the Model Zoo's names.</summary>
public enum NormKind
{
    /// <summary>Layer normalization: scale and bias (Ba, Kiros and Hinton, 2016).</summary>
    LayerNorm,

    /// <summary>By the root of the mean square: a scale, no mean and no bias (Zhang and Sennrich, 2019).</summary>
    RmsNorm,

    /// <summary>Layer normalization without a bias.</summary>
    BiaslessLayerNorm,
}

/// <summary>How the summed cross-entropy becomes the loss.</summary>
public enum LossScaling
{
    /// <summary>Divided by the number of tokens whose mask is 1.</summary>
    NumTokens,

    /// <summary>Divided by the batch size and multiplied by the loss weight.</summary>
    BatchSize,
}

/// <summary>How a weight is drawn before training.</summary>
/// <param name="Kind">The distribution.</param>
/// <param name="Mean">The mean of a normal distribution; the value of a constant.</param>
/// <param name="StandardDeviation">The standard deviation of a normal distribution.</param>
/// <param name="Lower">The lower end of a truncated normal or uniform distribution.</param>
/// <param name="Upper">The upper end of a truncated normal or uniform distribution.</param>
public sealed record InitializerParameters(InitializerKind Kind, double Mean, double StandardDeviation, double Lower, double Upper)
{
    /// <summary>A normal distribution about 0.</summary>
    /// <param name="standardDeviation">Its standard deviation.</param>
    public static InitializerParameters Normal(double standardDeviation) => new(InitializerKind.Normal, 0, standardDeviation, 0, 0);

    /// <summary>One value for all.</summary>
    /// <param name="value">The value.</param>
    public static InitializerParameters Constant(double value) => new(InitializerKind.Constant, value, 0, 0, 0);

    /// <summary>The same distribution, wider: deviation and bounds times a factor. Only normal ones, truncated or not, are scaled.</summary>
    /// <param name="factor">The factor.</param>
    public InitializerParameters Times(double factor) => Kind is InitializerKind.Normal or InitializerKind.TruncatedNormal
        ? this with { StandardDeviation = StandardDeviation * factor, Lower = Lower * factor, Upper = Upper * factor }
        : this;
}

/// <summary>The distributions an initializer can name.</summary>
public enum InitializerKind
{
    /// <summary>Normal.</summary>
    Normal,

    /// <summary>Normal, restricted to an interval.</summary>
    TruncatedNormal,

    /// <summary>Uniform over an interval.</summary>
    Uniform,

    /// <summary>One value.</summary>
    Constant,

    /// <summary>Uniform over +-sqrt(6 / (in + out)) (Glorot and Bengio, 2010).</summary>
    XavierUniform,

    /// <summary>Normal with deviation sqrt(2 / (in + out)) (Glorot and Bengio, 2010).</summary>
    XavierNormal,
}
