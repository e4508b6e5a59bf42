using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class MupSectionTests
{
    private const string Sizes = "mup_base_hidden_size: 8 | mup_base_filter_size: 12.8 | ";
    private const string Mup = Sizes + "scale_qk_dot_by_d: true | ";

    [Fact]
    public void A_mup_run_scales_by_the_sizes_of_its_base()
    {
        const string keys = Mup + "embeddings_scale: 14.6 | output_logits_alpha: 2.22 | attention_logits_alpha: 4.0";
        ModelParameters model = ModelYaml.Trainer("btlm", keys);

        Assert.Empty(ModelYaml.TrainerWarnings("btlm", keys));
        Assert.Equal((8.0, 12.8, 14.6), (model.MupBaseHiddenSize, model.MupBaseFilterSize, model.EmbeddingsScale));
        Assert.Equal((0.25, 0.1), (model.HiddenRatio, model.FilterRatio));
        Assert.Equal((2.22 * 0.25, 4.0 / 8), (model.LogitsScale, model.AttentionScale(0)));
        Assert.Equal(model, ModelYaml.Sections(keys + " | dropout_rate: 0"));
    }

    [Fact]
    public void Logits_can_be_scaled_by_the_root_of_the_ratio() =>
        Assert.Equal(0.5, ModelYaml.Sections(Mup + "scale_output_logits_by_d: false").LogitsScale);

    [Fact]
    public void Gpt_2_divides_scores_by_the_head_size_by_itself_in_a_mup_run_and_gpt_j_does_not()
    {
        const string keys = Sizes + "embeddings_scale: 2";

        Assert.True(ModelYaml.Trainer("gpt3", keys).ScaleAttentionByHeadSize);
        Assert.False(ModelYaml.Trainer("gptj", keys).ScaleAttentionByHeadSize);
        Assert.Equal(
            ["3:5: trainer.init.model.scale_qk_dot_by_d is not given: it is true, since this is a muP run"], ModelYaml.TrainerWarnings("gpt3", keys));
        Assert.Equal(
            ["3:5: trainer.init.model.scale_qk_dot_by_d is not given: it is false, as in the Model Zoo's GPT-J; muP means true"],
            ModelYaml.TrainerWarnings("gptj", keys));
        Assert.False(ModelYaml.Trainer("gpt3", Sizes + "scale_qk_dot_by_d: false").ScaleAttentionByHeadSize);
    }

    [Fact]
    public void Files_before_the_base_sizes_scale_logits_outright()
    {
        const string keys = "output_logits_scale: 0.22 | embeddings_scale: 14.6 | scale_qk_dot_by_d: true";
        ModelParameters model = ModelYaml.Sections(keys);

        Assert.Empty(ModelYaml.Warnings(keys));
        Assert.Equal((0.22, 14.6, 1.0 / 8), (model.LogitsScale, model.EmbeddingsScale, model.AttentionScale(0)));
    }

    [Theory]
    [InlineData(
        "mup_base_hidden_size: 8", "11:3: model.mup_base_hidden_size is given without mup_base_filter_size; valid: both of them, or neither")]
    [InlineData(
        "mup_base_filter_size: 8", "11:3: model.mup_base_filter_size is given without mup_base_hidden_size; valid: both of them, or neither")]
    [InlineData("mup_base_hidden_size: 0 | mup_base_filter_size: 8", "11:3: model.mup_base_hidden_size is 0; valid: a number above 0")]
    [InlineData(
        Mup + "output_logits_scale: 2",
        "14:3: model.output_logits_scale is 2 together with mup_base_hidden_size; valid: output_logits_alpha in its place")]
    [InlineData(Mup + "embeddings_scale: 0", "14:3: model.embeddings_scale is 0; valid: a number above 0")]
    [InlineData(Mup + "output_logits_alpha: -1", "14:3: model.output_logits_alpha is -1; valid: a number above 0")]
    [InlineData(Mup + "attention_logits_alpha: big", "14:3: model.attention_logits_alpha is \"big\"; valid: a number above 0")]
    [InlineData(
        Mup + "initializer: xavier_uniform", "14:3: model.initializer is XavierUniform, which muP cannot scale; valid: normal, truncated_normal")]
    [InlineData(
        Mup + "output_layer_initializer: {name: uniform}",
        "14:3: model.output_layer_initializer is Uniform, which muP cannot scale; valid: normal, truncated_normal")]
    public void What_cannot_be_is_told_where_it_stands(string keys, string error) => Assert.Equal([error], ModelYaml.Errors(keys));

    [Theory]
    [InlineData(
        "embeddings_scale: 10.0",
        "11:3: model.embeddings_scale is 10 outside of muP, which may not be what is meant; give mup_base_hidden_size and mup_base_filter_size for a "
        + "muP run")]
    [InlineData(
        "attention_logits_alpha: 2.0",
        "11:3: model.attention_logits_alpha is 2 outside of muP, which may not be what is meant; give mup_base_hidden_size and mup_base_filter_size "
        + "for a muP run")]
    [InlineData(
        "output_logits_alpha: 2.0",
        "11:3: model.output_logits_alpha has no effect outside of muP; give mup_base_hidden_size and mup_base_filter_size for a muP run")]
    [InlineData(
        "scale_output_logits_by_d: false",
        "11:3: model.scale_output_logits_by_d has no effect outside of muP; give mup_base_hidden_size and mup_base_filter_size for a muP run")]
    public void A_setting_of_mup_outside_of_it_is_a_warning(string keys, string warning) => Assert.Equal([warning], ModelYaml.Warnings(keys));

    [Theory]
    [InlineData("embeddings_scale: 1.0 | output_logits_scale: 1 | output_logits_alpha: null | attention_logits_alpha: 1 | scale_qk_dot_by_d: no")]
    [InlineData("mup_base_hidden_size: | mup_base_filter_size: null | lr_adjustment_groups: {} | scale_output_logits_by_d: true")]
    [InlineData("lr_adjustment_groups: {embedding: {param_filter_patterns: '*embedding*weight', scale: 1.0}}")]
    public void What_changes_nothing_is_read_in_silence(string keys)
    {
        Assert.Empty(ModelYaml.Warnings(keys));
        Assert.Equal(YamlRun.Read(YamlRun.Minimal).Model, ModelYaml.Sections(keys));
    }

    private const string Groups =
        "lr_adjustment_groups: {embedding: {param_filter_patterns: '*embedding*weight'}, "
        + "decoder_kernel: {param_filter_patterns: ['*decoder*linear*weight', '*decoder*dense*weight', '*decoder*linear*expert_weights']}, "
        + "decoder_attention: {param_filter_patterns: '*decoder*attn*dense*weight', scale: 0.25}, "
        + "decoder_input_ffn: {param_filter_patterns: ['*decoder*ffn.ffn.[!1]*weight'], scale: 1.0}, "
        + "decoder_output_ffn: {param_filter_patterns: ['*decoder*ffn.ffn.[1]*weight', '*decoder*ffn.ffn.[1]*expert_weights'], scale: 0.1}}";

    [Fact]
    public void Groups_that_say_what_mup_says_are_read() => Assert.Empty(ModelYaml.Warnings(Mup + Groups));

    [Theory]
    [InlineData("scale: 0.25", "scale: 0.5", "14:284: model.lr_adjustment_groups.decoder_attention.scale is 0.5, which is not implemented; "
        + "valid: 0.25, which is muP's")]
    [InlineData(
        "'*embedding*weight'", "'*weight'", "14:38: model.lr_adjustment_groups.embedding.param_filter_patterns is not what muP says, which alone is "
        + "implemented; valid: *embedding*weight")]
    [InlineData(
        "'*embedding*weight'", "'*embedding*weight', scale: 2", "14:82: model.lr_adjustment_groups.embedding.scale is 2, which is not implemented; "
        + "valid: 1")]
    [InlineData(
        "embedding: {param_filter_patterns: '*embedding*weight'}", "norms: {param_filter_patterns: '*norm*'}",
        "14:26: model.lr_adjustment_groups.norms is not implemented; valid: decoder_attention, decoder_input_ffn, decoder_kernel, "
        + "decoder_output_ffn, embedding")]
    [InlineData(
        "decoder_attention: {param_filter_patterns: '*decoder*attn*dense*weight', scale: 0.25}, ", "",
        "14:3: model.lr_adjustment_groups.decoder_attention is missing: muP scales it; valid: muP's groups, or no lr_adjustment_groups")]
    public void Other_groups_are_refused(string text, string replacement, string error) =>
        Assert.Equal([error], ModelYaml.Errors(Mup + Groups.Replace(text, replacement, StringComparison.Ordinal)));
}
