using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class AttentionSectionTests
{
    private const string Shared = "attention_module: multiquery_attention | ";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Heads_share_keys_in_groups(int groups)
    {
        string keys = $"{Shared}extra_attention_params: {{num_kv_groups: {groups}}}";
        ModelParameters model = ModelYaml.Sections(keys);

        Assert.Equal((groups, groups, groups * 8), (model.KeyValueGroups, model.KeyValueHeads, model.KeyValueSize));
        Assert.Equal(groups, ModelYaml.Trainer("llama", keys).KeyValueGroups);
        Assert.Empty(ModelYaml.Warnings(keys));
    }

    [Theory]
    [InlineData("attention_module: aiayn_attention")]
    [InlineData("attention_module: aiayn_attention | extra_attention_params: {}")]
    [InlineData("extra_attention_params: {attention_kernel: null}")]
    [InlineData("attention_inner_dim: null | attention_qk_norm_layer: null | attention_qk_norm_eps: 1.0e-6 | attention_sliding_window_length: null")]
    public void Attention_is_that_of_gpt2_unless_a_file_says_otherwise(string keys)
    {
        ModelParameters expected = YamlRun.Read(YamlRun.Minimal).Model;

        Assert.Empty(ModelYaml.Warnings(keys));
        Assert.Equal(expected, ModelYaml.Sections(keys) with { QueryKeyNormEpsilon = expected.QueryKeyNormEpsilon });
    }

    [Fact]
    public void The_inner_size_is_divided_among_the_heads()
    {
        ModelParameters model = ModelYaml.Sections("attention_inner_dim: 24");

        Assert.Equal((24, 24, 6, 24), (model.AttentionInnerSize, model.AttentionSize, model.HeadSize, model.KeyValueSize));
    }

    [Fact]
    public void Heads_need_not_divide_the_hidden_size_where_there_is_an_inner_one()
    {
        string yaml = ModelYaml.InSections("attention_inner_dim: 24").Replace("hidden_size: 32", "hidden_size: 30", StringComparison.Ordinal);

        Assert.Equal(6, YamlRun.Read(yaml).Model.HeadSize);
    }

    /// <summary>
    /// In the Model Zoo's mask (2.10) a key is seen where query - key is at most the length - 1: so many keys, the query's own among them.
    /// </summary>
    [Fact]
    public void A_window_counts_the_querys_own_key() => Assert.Equal(16, ModelYaml.Sections("attention_sliding_window_length: 16").SlidingWindow);

    [Theory]
    [InlineData("layernorm", NormKind.LayerNorm)]
    [InlineData("rmsnorm", NormKind.RmsNorm)]
    [InlineData("biasless-layernorm", NormKind.BiaslessLayerNorm)]
    public void Queries_and_keys_can_be_normalized(string name, NormKind expected)
    {
        ModelParameters model = ModelYaml.Sections($"attention_qk_norm_layer: {name} | attention_qk_norm_eps: 1.0e-6");

        Assert.Equal((expected, 1e-6, NormKind.LayerNorm), (model.QueryKeyNorm, model.QueryKeyNormEpsilon, model.Norm));
    }

    [Fact]
    public void Scores_can_be_divided_by_the_head_size_and_the_layers_number()
    {
        ModelParameters model = ModelYaml.Sections("scale_qk_dot_by_d: true | scale_qk_dot_by_layer_idx: true");

        Assert.Equal((true, true), (model.ScaleAttentionByHeadSize, model.ScaleAttentionByLayer));
        Assert.Equal((1.0 / 8, 1.0 / 16), (model.AttentionScale(0), model.AttentionScale(1)));
        Assert.Equal(1, ModelYaml.Sections("attention_type: dot_product | scale_qk_dot_by_d: true").AttentionScale(0));
    }

    [Theory]
    [InlineData(
        Shared + "extra_attention_params: {num_kv_groups: 3}",
        "12:28: model.extra_attention_params.num_kv_groups is 3; valid: a divisor of num_heads, 4")]
    [InlineData(
        Shared + "extra_attention_params: {num_kv_groups: 0}",
        "12:28: model.extra_attention_params.num_kv_groups is 0; valid: an integer of at least 1")]
    [InlineData(Shared + "extra_attention_params: 2", "12:3: model.extra_attention_params is 2; valid: a map with num_kv_groups")]
    [InlineData(
        "extra_attention_params: {num_kv_groups: 2}",
        "11:28: model.extra_attention_params.num_kv_groups is 2, which needs attention_module: multiquery_attention; valid: that, or no such key")]
    [InlineData(
        Shared + "num_kv_groups: 2 | extra_attention_params: {num_kv_groups: 2}",
        "12:3: model.num_kv_groups belongs into extra_attention_params, beside attention_module: multiquery_attention")]
    [InlineData(
        "attention_module: flash", "11:3: model.attention_module is \"flash\"; valid: aiayn_attention, multiquery_attention")]
    [InlineData("attention_inner_dim: 30", "11:3: model.attention_inner_dim is 30; valid: a multiple of num_heads, 4")]
    [InlineData("attention_inner_dim: 0", "11:3: model.attention_inner_dim is 0; valid: an integer of at least 1")]
    [InlineData(
        "attention_inner_dim: 2000000000",
        "11:3: model.attention_inner_dim is 2000000000: with hidden_size 32 that makes a weight of more than 2147483591 elements")]
    [InlineData(
        "attention_sliding_window_length: 0", "11:3: model.attention_sliding_window_length is 0; valid: an integer of at least 1")]
    [InlineData(
        "attention_qk_norm_layer: batchnorm1d",
        "11:3: model.attention_qk_norm_layer is \"batchnorm1d\"; valid: layernorm, rmsnorm, biasless-layernorm")]
    [InlineData("attention_qk_norm_eps: 0", "11:3: model.attention_qk_norm_eps is 0; valid: a number above 0")]
    [InlineData(
        "attention_sink_tokens: 4", "11:3: model.attention_sink_tokens is 4: the key is not implemented; valid: no such key")]
    [InlineData(
        "attention_logit_softcapping: 50.0",
        "11:3: model.attention_logit_softcapping is 50.0: the key is not implemented; valid: no such key")]
    [InlineData(
        "sliding_window_every_other_decoder_layer: true",
        "11:3: model.sliding_window_every_other_decoder_layer is true: the key is not implemented; valid: false, which changes nothing, or no such "
        + "key")]
    public void What_cannot_be_is_told_where_it_stands(string keys, string error) => Assert.Equal([error], ModelYaml.Errors(keys));

    [Theory]
    [InlineData(Shared + "use_ffn_bias: true")]
    [InlineData(Shared + "extra_attention_params: {}")]
    public void One_group_is_the_default_with_a_warning(string keys)
    {
        Assert.Equal(1, ModelYaml.Sections(keys).KeyValueGroups);
        Assert.Equal(
            [
                "11:3: model.attention_module is multiquery_attention, but extra_attention_params.num_kv_groups is not given: all heads share one "
                + "group",
            ],
            ModelYaml.Warnings(keys));
    }

    [Fact]
    public void A_misspelt_setting_among_the_extra_ones_is_a_warning() =>
        Assert.Equal(
            ["12:46: model.extra_attention_params.num_kv_group is not a known key; it is ignored"],
            ModelYaml.Warnings(Shared + "extra_attention_params: {num_kv_groups: 2, num_kv_group: 2}"));
}
