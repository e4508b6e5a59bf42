using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Models;

/// <summary>Tiny members of the GPT family: each setting alone, and the combinations that people train.</summary>
internal static class FamilyModels
{
    private static readonly ModelParameters NoBiases = TinyModel.Shape with
    {
        UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
    };

    private static readonly ModelParameters Rotary = TinyModel.Shape with
    {
        PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(4), Layers = 1,
    };

    private static readonly ModelParameters Llama = NoBiases with
    {
        PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(2, Theta: 500), Heads = 4, KeyValueGroups = 2,
        Norm = NormKind.RmsNorm, Nonlinearity = Activation.Silu, GatedFeedForward = true, ShareEmbeddingWeights = false,
    };

    private static readonly ModelParameters GptJ = TinyModel.Shape with
    {
        PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(2), ParallelResidual = true, Layers = 1,
        Nonlinearity = Activation.GeluNew,
        UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, ShareEmbeddingWeights = false, UseBiasInOutput = true,
    };

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, ModelParameters> All { get; } = new Dictionary<string, ModelParameters>
    {
        ["fixed positions"] = TinyModel.Shape with { PositionEmbedding = PositionEmbedding.Fixed, Layers = 1 },
        ["rotary"] = Rotary,
        ["partial rotary"] = Rotary with { Rotary = new RotaryParameters(2, Theta: 300), PositionScalingFactor = 2 },
        ["alibi"] = TinyModel.Shape with { PositionEmbedding = PositionEmbedding.Alibi, Layers = 1, PositionScalingFactor = 0.5 },
        ["alibi, 3 heads"] = TinyModel.Shape with { PositionEmbedding = PositionEmbedding.Alibi, Layers = 1, Heads = 3, AttentionInnerSize = 6 },
        ["RMSNorm"] = TinyModel.Shape with { Norm = NormKind.RmsNorm, EmbeddingLayerNorm = true, Layers = 1 },
        ["biasless norm"] = TinyModel.Shape with { Norm = NormKind.BiaslessLayerNorm, EmbeddingLayerNorm = true, Layers = 1 },
        ["SwiGLU"] = TinyModel.Shape with { Nonlinearity = Activation.Silu, GatedFeedForward = true, Layers = 1 },
        ["GeGLU"] = TinyModel.Shape with { Nonlinearity = Activation.Gelu, GatedFeedForward = true, Layers = 1 },
        ["ReGLU"] = TinyModel.Shape with { Nonlinearity = Activation.Relu, GatedFeedForward = true, Layers = 1 },
        ["LiGLU"] = TinyModel.Shape with { Nonlinearity = Activation.Linear, GatedFeedForward = true, Layers = 1 },
        ["grouped keys"] = TinyModel.Shape with { Heads = 4, KeyValueGroups = 2, Layers = 1 },
        ["one key for all"] = TinyModel.Shape with { Heads = 4, KeyValueGroups = 1, AttentionDropoutRate = 0, Layers = 1 },
        ["wide attention"] = TinyModel.Shape with { AttentionInnerSize = 20, Heads = 5, Layers = 1 },
        ["sliding window"] = TinyModel.Shape with { SlidingWindow = 2, Layers = 1 },
        ["query and key norms"] = Rotary with { QueryKeyNorm = NormKind.RmsNorm, KeyValueGroups = 1 },
        ["query and key layer norms"] = TinyModel.Shape with { QueryKeyNorm = NormKind.LayerNorm, Layers = 1 },
        ["scores over head size and layer"] = TinyModel.Shape with
        {
            ScaleAttentionByHeadSize = true, ScaleAttentionByLayer = true, AttentionLogitsAlpha = 3,
        },
        ["muP"] = TinyModel.Shape with
        {
            Layers = 1, MupBaseHiddenSize = 4, MupBaseFilterSize = 5, EmbeddingsScale = 2.5, OutputLogitsAlpha = 1.7, ScaleAttentionByHeadSize = true,
        },
        ["scaled logits"] = TinyModel.Shape with { OutputLogitsScale = 0.3, Layers = 1 },
        ["llama"] = Llama,
        ["mistral"] = Llama with { SlidingWindow = 3, Layers = 1 },
        ["GPT-J"] = GptJ,
        ["GPT-NeoX"] = GptJ with { UntiedLayerNorm = true, Rotary = new RotaryParameters(4), UseProjectionBiasInAttention = true },
        ["falcon"] = GptJ with { KeyValueGroups = 1, Layers = 1, UseFfnBias = false, UseBiasInOutput = false },
    };
}
