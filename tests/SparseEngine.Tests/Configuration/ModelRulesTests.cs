using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

/// <summary>The rules of models that code builds, by the names of the YAML's keys.</summary>
public sealed class ModelRulesTests
{
    private static readonly ModelParameters Llama = new()
    {
        VocabularySize = 64,
        HiddenSize = 32,
        Layers = 1,
        Heads = 4,
        FilterSize = 64,
        PositionEmbedding = PositionEmbedding.Rotary,
        Rotary = new RotaryParameters(8),
        Norm = NormKind.RmsNorm,
        KeyValueGroups = 2,
    };

    private static string[] Violations(ModelParameters model) =>
        [.. ParameterRanges.Violations(new RunParameters { Model = model, RunConfig = new RunConfig { MaxSteps = 1 } })];

    [Fact]
    public void A_llama_breaks_none() => Assert.Empty(Violations(Llama));

    [Fact]
    public void Each_rule_is_a_line()
    {
        Assert.Equal(["model.num_heads is 5; valid: a divisor of hidden_size, 32"], Violations(Llama with
        {
            Heads = 5,
            KeyValueGroups = null,
            Rotary = new RotaryParameters(6),
        }));
        Assert.Equal(["model.num_heads is 0; valid: a whole number of at least 1"], Violations(Llama with { Heads = 0 }));
        Assert.Equal(
            ["model.extra_attention_params.num_kv_groups is 3; valid: a divisor of num_heads, 4"], Violations(Llama with { KeyValueGroups = 3 }));
        Assert.Equal(
            ["model.extra_attention_params.num_kv_groups is 0; valid: a whole number of at least 1"], Violations(Llama with { KeyValueGroups = 0 }));
        Assert.Equal(["model.attention_inner_dim is 18; valid: a multiple of num_heads, 4"], Violations(Llama with
        {
            AttentionInnerSize = 18,
            Rotary = new RotaryParameters(4),
        }));
        Assert.Equal(
            ["model.attention_sliding_window_length is 0; valid: a whole number of at least 1"], Violations(Llama with { SlidingWindow = 0 }));
        Assert.Equal(
            ["model.rotary_dim is 10; valid: an even number from 2 to the size of a head, 8"],
            Violations(Llama with { Rotary = new RotaryParameters(10) }));
        Assert.Equal(
            ["model.rope_theta is NaN; valid: a number above 0"], Violations(Llama with { Rotary = new RotaryParameters(8, double.NaN) }));
        Assert.Equal(
            ["model.pos_scaling_extra_args.high_freq_factor is 4; valid: a number above 4"],
            Violations(Llama with { Rotary = new RotaryParameters(8) { Llama3 = new Llama3Scaling(LowFrequencyFactor: 4) } }));
        Assert.Equal(
            ["model.mup_base_hidden_size is given without mup_base_filter_size; valid: both of them, or neither"],
            Violations(Llama with { MupBaseHiddenSize = 8 }));
        Assert.Equal(
            ["model.use_untied_layer_norm is true; valid: false, or a family that adds attention and feed-forward at once, such as gpt-neox"],
            Violations(Llama with { UntiedLayerNorm = true }));
        Assert.Equal(["model.attention_qk_norm_eps is 0; valid: a number above 0"], Violations(Llama with { QueryKeyNormEpsilon = 0 }));
    }

    [Fact]
    public void Rotary_positions_and_their_settings_belong_together()
    {
        const string valid = "valid: Rotary where the settings of rotary positions are given, and there alone";

        Assert.Equal([$"model.position_embedding_type is Rotary; {valid}"], Violations(Llama with { Rotary = null }));
        Assert.Equal(
            [$"model.position_embedding_type is Alibi; {valid}"], Violations(Llama with { PositionEmbedding = PositionEmbedding.Alibi }));
    }
}
