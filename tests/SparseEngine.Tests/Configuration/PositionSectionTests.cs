using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class PositionSectionTests
{
    private const string Rotary = "name: llama | position_embedding_type: rotary | ";

    [Theory]
    [InlineData("learned", PositionEmbedding.Learned, true)]
    [InlineData("fixed", PositionEmbedding.Fixed, true)]
    [InlineData("alibi", PositionEmbedding.Alibi, false)]
    [InlineData("none", PositionEmbedding.None, false)]
    [InlineData("ALiBi", PositionEmbedding.Alibi, false)]
    [InlineData("'learned'", PositionEmbedding.Learned, true)]
    public void Positions_go_by_their_name(string name, PositionEmbedding expected, bool hasTable)
    {
        ModelParameters model = ModelYaml.Sections($"position_embedding_type: {name}");

        Assert.Equal((expected, hasTable, null), (model.PositionEmbedding, model.HasPositionTable, model.Rotary));
        Assert.Equal(expected, ModelYaml.Trainer("gpt3", $"position_embedding_type: {name}").PositionEmbedding);
    }

    [Fact]
    public void Null_is_no_positions_in_2_x_and_the_default_in_1_8()
    {
        Assert.Equal(PositionEmbedding.Learned, ModelYaml.Sections("position_embedding_type: null").PositionEmbedding);
        Assert.Equal(PositionEmbedding.None, ModelYaml.Trainer("gpt3", "position_embedding_type: null").PositionEmbedding);
        Assert.Equal(PositionEmbedding.None, ModelYaml.Trainer("gptj", "position_embedding_type: null").PositionEmbedding);
    }

    [Theory]
    [InlineData("use_position_embedding: false")]
    [InlineData("use_position_embedding: false | position_embedding_type: learned")]
    public void A_model_that_uses_no_positions_has_none(string keys)
    {
        Assert.Equal(PositionEmbedding.None, ModelYaml.Sections(keys).PositionEmbedding);
        Assert.Empty(ModelYaml.Warnings(keys));
    }

    [Fact]
    public void Rotary_positions_have_dimensions_and_a_base()
    {
        Assert.Equal(new RotaryParameters(6, 5e5), ModelYaml.Sections(Rotary + "rotary_dim: 6 | rope_theta: 5.0e5").Rotary);
        Assert.Equal(new RotaryParameters(8), ModelYaml.Sections(Rotary + "rotary_dim: 8").Rotary);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gptj")]
    public void A_quarter_of_a_head_is_turned_where_a_file_does_not_say_how_much(string name) =>
        Assert.Equal(new RotaryParameters(2), ModelYaml.Trainer(name, "position_embedding_type: rotary | rotary_dim: null").Rotary);

    [Fact]
    public void A_quarter_that_cannot_be_turned_in_pairs_is_an_error()
    {
        string yaml = ModelYaml.InSections("name: gptj").Replace("num_heads: 4", "num_heads: 8", StringComparison.Ordinal);

        Assert.Equal(
            ["params.yaml:6:1: model.rotary_dim is missing, and a quarter of a head, 1, is not even; valid: an even number of at least 2"],
            YamlRun.Errors(yaml));
    }

    [Fact]
    public void Llama_3_slows_down_low_frequencies()
    {
        ModelParameters model = ModelYaml.Sections(
            Rotary + "pos_scaling_type: llama3 | pos_scaling_factor: 32 | pos_scaling_extra_args: {low_freq_factor: 2.0, high_freq_factor: 8, "
            + "original_max_position_embeddings: 4096}");

        Assert.Equal((32.0, new Llama3Scaling(2, 8, 4096)), (model.PositionScalingFactor, model.Rotary!.Llama3));
        Assert.Equal(new Llama3Scaling(1, 4, 8192), ModelYaml.Sections(Rotary + "pos_scaling_type: llama3").Rotary!.Llama3);
    }

    [Theory]
    [InlineData(Rotary + "pos_scaling_factor: 4.0 | pos_scaling_type: linear")]
    [InlineData("position_embedding_type: alibi | pos_scaling_factor: 4.0")]
    public void Positions_are_divided_by_the_factor(string keys)
    {
        Assert.Equal(4, ModelYaml.Sections(keys).PositionScalingFactor);
        Assert.Empty(ModelYaml.Warnings(keys));
    }

    [Theory]
    [InlineData(
        "position_embedding_type: relative",
        "11:3: model.position_embedding_type is \"relative\", which is not implemented; valid: learned, fixed, rotary, alibi, none")]
    [InlineData("position_embedding_type: learnt", "11:3: model.position_embedding_type is \"learnt\"; valid: learned, fixed, rotary, alibi, none")]
    [InlineData(Rotary + "rotary_dim: 7", "13:3: model.rotary_dim is 7; valid: an even number from 2 to the size of a head, 8")]
    [InlineData(Rotary + "rotary_dim: 10", "13:3: model.rotary_dim is 10; valid: an even number from 2 to the size of a head, 8")]
    [InlineData(
        Rotary + "rotary_dim: 6 | attention_inner_dim: 16", "13:3: model.rotary_dim is 6; valid: an even number from 2 to the size of a head, 4")]
    [InlineData(Rotary + "rotary_dim: 0", "13:3: model.rotary_dim is 0; valid: an integer of at least 2")]
    [InlineData(Rotary + "rope_theta: 0", "13:3: model.rope_theta is 0; valid: a number above 0")]
    [InlineData(Rotary + "pos_scaling_type: YaRN", "13:3: model.pos_scaling_type is \"YaRN\", which is not implemented; valid: linear, llama3")]
    [InlineData(
        Rotary + "pos_scaling_type: longrope", "13:3: model.pos_scaling_type is \"longrope\", which is not implemented; valid: linear, llama3")]
    [InlineData(Rotary + "pos_scaling_factor: 0", "13:3: model.pos_scaling_factor is 0; valid: a number above 0")]
    [InlineData(
        "pos_scaling_factor: 2", "11:3: model.pos_scaling_factor is 2; valid: 1, or position_embedding_type rotary or alibi")]
    [InlineData(
        "position_embedding_type: alibi | pos_scaling_type: llama3", "12:3: model.pos_scaling_type is \"llama3\"; valid: linear with alibi")]
    [InlineData(
        Rotary + "pos_scaling_type: llama3 | pos_scaling_extra_args: {low_freq_factor: 4.0, high_freq_factor: 4.0}",
        "14:28: model.pos_scaling_extra_args.low_freq_factor leaves low_freq_factor 4 not below high_freq_factor 4; valid: the low one below the "
        + "high one")]
    [InlineData(
        Rotary + "pos_scaling_type: llama3 | pos_scaling_extra_args: {original_max_position_embeddings: 0}",
        "14:28: model.pos_scaling_extra_args.original_max_position_embeddings is 0; valid: an integer of at least 1")]
    [InlineData(
        "position_embedding_type: fixed | max_position_embeddings: 1",
        "12:3: model.max_position_embeddings is 1; valid: at least 2 with fixed positions")]
    [InlineData(
        "alibi_trainable_slopes: true",
        "11:3: model.alibi_trainable_slopes is true: the key is not implemented; valid: false, which changes nothing, or no such key")]
    public void What_cannot_be_is_told_where_it_stands(string keys, string error) =>
        Assert.Equal([error], ModelYaml.Errors(keys).Where(line => !line.Contains(" train_input.max_sequence_length ", StringComparison.Ordinal)));

    [Theory]
    [InlineData("name: gpt2 | rotary_dim: 8", "12:3: model.rotary_dim has no effect with position_embedding_type learned")]
    [InlineData("name: gpt2 | rope_theta: 5000", "12:3: model.rope_theta has no effect with position_embedding_type learned")]
    [InlineData(
        "use_position_embedding: false | position_embedding_type: alibi",
        "12:3: model.position_embedding_type is alibi, but use_position_embedding is false: the model has no positions")]
    [InlineData("pos_scaling_type: llama3", "11:3: model.pos_scaling_type has no effect with position_embedding_type learned")]
    [InlineData(
        Rotary + "pos_scaling_extra_args: {low_freq_factor: 2}", "13:3: model.pos_scaling_extra_args has no effect with pos_scaling_type linear")]
    [InlineData(
        Rotary + "pos_scaling_type: llama3 | pos_scaling_extra_args: {low_frq_factor: 2}",
        "14:28: model.pos_scaling_extra_args.low_frq_factor is not a known key; did you mean low_freq_factor?")]
    public void What_has_no_effect_is_a_warning(string keys, string warning) => Assert.Equal([warning], ModelYaml.Warnings(keys));

    [Theory]
    [InlineData("rope_theta: 10000.0 | pos_scaling_factor: 1.0 | pos_scaling_type: linear | rotary_dim: null | pos_scaling_extra_args: {}")]
    [InlineData("num_relative_attention_buckets: 32 | fold_rope_consts: true | alibi_trainable_slopes: false")]
    public void What_changes_nothing_is_read_in_silence(string keys)
    {
        Assert.Empty(ModelYaml.Warnings(keys));
        Assert.Equal(YamlRun.Read(YamlRun.Minimal).Model, ModelYaml.Sections(keys));
    }

    [Theory]
    [InlineData("position_embedding_type: fixed", true)]
    [InlineData("position_embedding_type: learned", true)]
    [InlineData("position_embedding_type: alibi", false)]
    [InlineData("name: llama | position_embedding_type: rotary", false)]
    [InlineData("position_embedding_type: none", false)]
    public void A_table_alone_limits_the_sequence(string keys, bool isLimited)
    {
        string yaml = ModelYaml.InSections(keys + " | max_position_embeddings: 16");
        const string error = "params.yaml:4:3: train_input.max_sequence_length is 32; valid: at most model.max_position_embeddings, 16";

        if (isLimited)
        {
            Assert.Equal([error], YamlRun.Errors(yaml));
        }
        else
        {
            Assert.Equal(16, YamlRun.Read(yaml).Model.MaxPositionEmbeddings);
        }
    }
}
