using SparseEngine.Kernels.Devices;

namespace SparseEngine.Configuration;

/// <summary>The model section: a GPT-2 or GPT-3 as Model Zoo 1.8 builds it.</summary>
public sealed record ModelParameters
{
    /// <summary>Entries of the token vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Features of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads; divides <see cref="HiddenSize"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Features of the feed-forward's middle.</summary>
    public required int FilterSize { get; init; }

    /// <summary>Positions of the learned position table: the longest sequence.</summary>
    public int MaxPositionEmbeddings { get; init; } = 1024;

    /// <summary>Whether there is a learned position table.</summary>
    public bool UsePositionEmbedding { get; init; } = true;

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

    /// <summary>Added to the variance in layer normalizations.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-5;

    /// <summary>True for scaled_dot_product (1/sqrt(head size)), false for dot_product.</summary>
    public bool ScaledAttention { get; init; } = true;

    /// <summary>Biases on the query, key and value projections.</summary>
    public bool UseProjectionBiasInAttention { get; init; } = true;

    /// <summary>A bias on the attention's output projection.</summary>
    public bool UseFfnBiasInAttention { get; init; } = true;

    /// <summary>Biases on the feed-forward layers.</summary>
    public bool UseFfnBias { get; init; } = true;

    /// <summary>A bias on the output head.</summary>
    public bool UseBiasInOutput { get; init; }

    /// <summary>The non-linearity of the feed-forward.</summary>
    public Activation Nonlinearity { get; init; } = Activation.Gelu;

    /// <summary>Standard deviation of the default initializers.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Initializer of the embedding tables; null for the default.</summary>
    public InitializerParameters? EmbeddingInitializer { get; init; }

    /// <summary>Initializer of the linear layers; null for the default.</summary>
    public InitializerParameters? Initializer { get; init; }

    /// <summary>Initializer of each layer's two output projections (attention and feed-forward); null for the default.</summary>
    public InitializerParameters? OutputLayerInitializer { get; init; }

    /// <summary>How the summed loss is scaled.</summary>
    public LossScaling LossScaling { get; init; } = LossScaling.NumTokens;

    /// <summary>The factor of the loss with <see cref="LossScaling.BatchSize"/>.</summary>
    public double LossWeight { get; init; } = 1;

    /// <summary>Whether evaluation also computes perplexity and accuracy.</summary>
    public bool ComputeEvalMetrics { get; init; } = true;
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
