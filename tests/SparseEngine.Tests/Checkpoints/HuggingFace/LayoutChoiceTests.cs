using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

/// <summary>Which layout a model is written in, and what is said of one that none can express.</summary>
public sealed class LayoutChoiceTests
{
    private static readonly ModelParameters Gpt2 = new() { VocabularySize = 31, HiddenSize = 24, Layers = 2, Heads = 3, FilterSize = 40 };

    private static readonly ModelParameters Llama = Gpt2 with
    {
        PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(8), Norm = NormKind.RmsNorm, GatedFeedForward = true,
        Nonlinearity = Activation.Silu, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
    };

    private static readonly ModelParameters NeoX = Gpt2 with
    {
        PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(4), ParallelResidual = true, UntiedLayerNorm = true,
    };

    public static TheoryData<string, ModelParameters> Models => new()
    {
        { "gpt2", Gpt2 },
        { "gpt2", Gpt2 with { ScaleAttentionByLayer = true } },
        { "gpt_bigcode", Gpt2 with { KeyValueGroups = 1 } },
        { "llama", Llama },
        { "llama", Llama with { AttentionInnerSize = 48, Rotary = new RotaryParameters(16), KeyValueGroups = 1 } },
        { "llama", Llama with { UseFfnBias = true } },
        { "mistral", Llama with { SlidingWindow = 4 } },
        { "gpt_neox", NeoX },
        { "gpt_neox", NeoX with { ParallelResidual = false, UntiedLayerNorm = false } },
        {
            "gptj",
            NeoX with { UntiedLayerNorm = false, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseBiasInOutput = true }
        },
        { "falcon", NeoX with { UntiedLayerNorm = false, Rotary = new RotaryParameters(8) } },
        { "falcon", NeoX with { KeyValueGroups = 1, Rotary = new RotaryParameters(8) } },
        {
            "bloom",
            Gpt2 with
            {
                PositionEmbedding = PositionEmbedding.Alibi, EmbeddingLayerNorm = true, FilterSize = 96, Nonlinearity = Activation.GeluNew,
            }
        },
    };

    public static TheoryData<string, string, ModelParameters> Lacking => new()
    {
        { "llama", "rotary_dim: 4", Llama with { Rotary = new RotaryParameters(4) } },
        { "llama", "attention_sliding_window_length: 4", Llama with { SlidingWindow = 4 } },
        { "mistral", "use_ffn_bias: true", Llama with { UseFfnBias = true } },
        { "llama", "norm_type: layernorm", Llama with { Norm = NormKind.LayerNorm } },
        { "llama", "attention_qk_norm_layer: rmsnorm", Llama with { QueryKeyNorm = NormKind.RmsNorm } },
        { "llama", "embeddings_scale: 2.0", Llama with { EmbeddingsScale = 2 } },
        { "gpt2", "num_kv_groups: 1", Gpt2 with { KeyValueGroups = 1 } },
        { "gpt2", "position_embedding_type: alibi", Gpt2 with { PositionEmbedding = PositionEmbedding.Alibi } },
        { "gpt2", "scale_qk_dot_by_d: true", Gpt2 with { ScaleAttentionByHeadSize = true } },
        { "gpt2", "logits multiplied by 0.5", Gpt2 with { OutputLogitsScale = 0.5 } },
        { "gpt_neox", "num_kv_groups: 1", NeoX with { KeyValueGroups = 1 } },
        { "gpt_neox", "use_bias_in_output: true", NeoX with { UseBiasInOutput = true } },
        { "gpt_neox", "attention_type: dot_product", NeoX with { ScaledAttention = false } },
        { "gpt_neox", "use_ffn_bias: false", NeoX with { UseFfnBias = false } },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_is_written_in_the_first_layout_that_expresses_it(string expected, ModelParameters model)
    {
        IHuggingFaceLayout layout = HuggingFaceLayouts.Of(model);
        Assert.Equal((expected, ""), (layout.Names.ModelType, string.Join(", ", layout.Lacks(model))));
    }

    [Theory]
    [MemberData(nameof(Lacking))]
    public void What_a_layout_lacks_is_named(string modelType, string expected, ModelParameters model) =>
        Assert.Equal([expected], HuggingFaceLayouts.Find(modelType)!.Lacks(model));

    [Fact]
    public void Dropout_that_a_layout_has_no_key_for_is_named()
    {
        ModelParameters model = Llama with { DropoutRate = 0.1, EmbeddingDropoutRate = 0.25, AttentionDropoutRate = 0.5 };
        Assert.Equal(["dropout_rate: 0.1", "embedding_dropout_rate: 0.25"], HuggingFaceLayouts.Of(model).LeavesOut(model));
    }
}
