using System.Text;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

/// <summary>The config.json of each kind of model, with the keys that published ones have.</summary>
public sealed class LayoutConfigTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static ModelParameters Plain { get; } = new()
    {
        VocabularySize = 31, HiddenSize = 24, Layers = 2, Heads = 3, FilterSize = 96, MaxPositionEmbeddings = 2048,
    };

    public void Dispose() => directory.Dispose();

    public static TheoryData<string> Published => [.. PublishedModels.Names];

    [Fact]
    public void A_smollm_is_a_llama_with_grouped_keys() => Assert.Equal(
        Plain with
        {
            Heads = 6, FilterSize = 40, MaxPositionEmbeddings = 64, KeyValueGroups = 2, PositionEmbedding = PositionEmbedding.Rotary,
            Rotary = new RotaryParameters(4), Norm = NormKind.RmsNorm, GatedFeedForward = true, Nonlinearity = Activation.Silu,
            UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
        },
        Read(PublishedLlama.SmolLm));

    [Fact]
    public void Llama_3s_scaling_biases_and_wide_heads_are_read() => Assert.Equal(
        Plain with
        {
            HiddenSize = 12, AttentionInnerSize = 24, FilterSize = 20, MaxPositionEmbeddings = 64, LayerNormEpsilon = 1e-6,
            PositionEmbedding = PositionEmbedding.Rotary, PositionScalingFactor = 8, ShareEmbeddingWeights = false,
            Rotary = new RotaryParameters(8, 500) { Llama3 = new Llama3Scaling(1, 4, 32) }, Norm = NormKind.RmsNorm, GatedFeedForward = true,
        },
        Read(PublishedLlama.Llama3));

    [Fact]
    public void Newer_versions_have_rotary_settings_in_one_object()
    {
        ModelParameters llama = Read(
            """
            {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
             "rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4,
                                 "original_max_position_embeddings": 8192}}
            """);
        ModelParameters neox = Read(
            """
            {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
             "rope_parameters": {"rope_type": "default", "rope_theta": 5e5, "partial_rotary_factor": 0.5}}
            """);

        Assert.Equal(new RotaryParameters(16, 5e5) { Llama3 = new Llama3Scaling(1, 4, 8192) }, llama.Rotary);
        Assert.Equal(32, llama.PositionScalingFactor);
        Assert.Equal(new RotaryParameters(8, 5e5), neox.Rotary);
    }

    [Fact]
    public void A_mistral_has_a_window_and_groups_by_default_and_neither_where_they_are_null()
    {
        ModelParameters byDefault = Read("""{"model_type": "mistral"}""");
        ModelParameters without = Read("""{"model_type": "mistral", "sliding_window": null, "num_key_value_heads": null}""");

        Assert.Equal((4096, 8), (byDefault.SlidingWindow, byDefault.KeyValueGroups));
        Assert.Equal((null, null), (without.SlidingWindow, without.KeyValueGroups));
        Assert.Equal(5, Read(PublishedLlama.Mistral).SlidingWindow);
    }

    [Fact]
    public void A_pythia_rotates_a_share_of_each_head() => Assert.Equal(
        Plain with
        {
            FilterSize = 40, MaxPositionEmbeddings = 64, PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(4),
            ParallelResidual = true, UntiedLayerNorm = true, ShareEmbeddingWeights = false,
        },
        Read(PublishedGptNeoX.Pythia));

    [Fact]
    public void A_gptj_shares_a_normalization_and_has_a_bias_in_its_head() => Assert.Equal(
        Plain with
        {
            MaxPositionEmbeddings = 64, PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(6), ParallelResidual = true,
            ShareEmbeddingWeights = false, Nonlinearity = Activation.GeluNew, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false,
            UseBiasInOutput = true,
        },
        Read(PublishedGptJ.SixB));

    [Fact]
    public void A_falcon_is_parallel_tied_or_untied_or_none_of_it()
    {
        ModelParameters without = Plain with { UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false };
        ModelParameters rotary = without with
        {
            PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(8), ParallelResidual = true,
        };

        Assert.Equal(rotary with { KeyValueGroups = 1 }, Read(PublishedFalcon.SevenB));
        Assert.Equal(
            rotary with { Heads = 6, KeyValueGroups = 2, Rotary = new RotaryParameters(4), UntiedLayerNorm = true }, Read(PublishedFalcon.FortyB));
        Assert.False(Read(PublishedFalcon.ElevenB).UntiedLayerNorm);
        Assert.Equal(
            Plain with { PositionEmbedding = PositionEmbedding.Alibi, PositionScalingFactor = Math.Sqrt(8) }, Read(PublishedFalcon.RefinedWeb));
    }

    [Fact]
    public void A_bloom_normalizes_its_embeddings() => Assert.Equal(
        Plain with
        {
            Heads = 6, MaxPositionEmbeddings = 64, PositionEmbedding = PositionEmbedding.Alibi, EmbeddingLayerNorm = true,
            Nonlinearity = Activation.GeluNew,
        },
        Read(PublishedBloom.Six));

    [Fact]
    public void A_starcoder_has_one_key_head()
    {
        Assert.Equal(1, Read(PublishedGptBigCode.StarCoder).KeyValueGroups);
        Assert.Null(Read(PublishedGptBigCode.MultiHead).KeyValueGroups);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void What_is_read_is_written_with_the_same_meaning(string name)
    {
        File.WriteAllText(directory.File("config.json"), PublishedModels.Create(name).Config);
        (IHuggingFaceLayout layout, ModelParameters model) = ConfigFile.Read(directory.File("config.json"));

        Assert.Empty(layout.Lacks(model));
        Assert.Empty(layout.LeavesOut(model));
        Assert.Equal(model, Read(Encoding.UTF8.GetString(ConfigFile.Write(layout, model))));
        Assert.Empty(HuggingFaceLayouts.Of(model).Lacks(model));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void The_model_section_says_the_same_as_the_config(string name)
    {
        ModelParameters model = Read(PublishedModels.Create(name).Config);
        File.WriteAllText(directory.File("model.yaml"), ModelSectionYaml.Write(model));

        ReadResult yaml = RunParametersReader.ReadFile(directory.File("model.yaml"));

        Assert.Equal(model, yaml.Parameters.Model);
        Assert.Empty(yaml.Warnings);
    }

    [Theory]
    [InlineData(24, 2)]
    [InlineData(49, 6)]
    [InlineData(80, 20)]
    [InlineData(103, 58)]
    public void A_share_of_a_head_comes_back_as_the_same_features(int headSize, int rotated)
    {
        ModelParameters model = Plain with
        {
            HiddenSize = headSize, Heads = 1, PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(rotated),
        };
        IHuggingFaceLayout layout = HuggingFaceLayouts.Find("gpt_neox")!;

        Assert.Equal(rotated, Read(Encoding.UTF8.GetString(ConfigFile.Write(layout, model))).Rotary!.Dimensions);
    }

    [Theory]
    [InlineData("""{"model_type": "llama", "rope_scaling": {"rope_type": "yarn", "factor": 2}}""",
        "rope_scaling.rope_type is \"yarn\"; valid: default, linear, llama3")]
    [InlineData("""{"model_type": "llama", "rope_scaling": {"type": "linear"}}""", "rope_scaling.factor is missing; valid: a number above 0")]
    [InlineData("""{"model_type": "llama", "rope_scaling": 3}""", "rope_scaling is 3; valid: an object, null")]
    [InlineData(
        """{"model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 2, "low_freq_factor": 4, "high_freq_factor": 4}}""",
        "rope_scaling.high_freq_factor is 4; valid: a number above 4")]
    [InlineData("""{"model_type": "llama", "hidden_act": "gelu_new"}""",
        "hidden_act is \"gelu_new\"; valid: gelu, gelu_python, relu, silu, swish, linear")]
    [InlineData("""{"model_type": "llama", "num_key_value_heads": 5}""", "num_key_value_heads is 5; valid: a divisor of num_attention_heads, 32")]
    [InlineData("""{"model_type": "llama", "hidden_size": 12, "num_attention_heads": 5}""",
        "num_attention_heads is 5; valid: a divisor of hidden_size, 12")]
    [InlineData("""{"model_type": "llama", "head_dim": 7}""",
        "head_dim is 7; valid: an even number, the size of a head whose features are turned in pairs")]
    [InlineData("""{"model_type": "llama", "partial_rotary_factor": 0.5}""", "partial_rotary_factor is 0.5; valid: 1")]
    [InlineData("""{"model_type": "gpt_neox", "rotary_pct": 0.01}""",
        "rotary_pct is 0.01; valid: a share that makes an even number of at least 2 of a head's 96 features")]
    [InlineData("""{"model_type": "gptj", "rotary_dim": null}""", "rotary_dim is null; valid: an even number up to n_embd / n_head, 256")]
    [InlineData("""{"model_type": "bloom", "apply_residual_connection_post_layernorm": true}""",
        "apply_residual_connection_post_layernorm is true; valid: false")]
    [InlineData("""{"model_type": "falcon", "new_decoder_architecture": true, "parallel_attn": false}""", "parallel_attn is false; valid: true")]
    [InlineData("""{"model_type": "falcon", "num_ln_in_parallel_attn": 2}""",
        "num_ln_in_parallel_attn is 2; valid: 1 without new_decoder_architecture")]
    public void What_has_no_counterpart_is_one_clear_line(string json, string expected) =>
        Assert.Equal($"{directory.File("config.json")}: {expected}", Assert.Throws<CheckpointException>(() => Read(json)).Message);

    private ModelParameters Read(string json)
    {
        File.WriteAllText(directory.File("config.json"), json);
        return ConfigFile.Read(directory.File("config.json")).Model;
    }
}
