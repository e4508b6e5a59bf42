using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class ModelFamilyTests
{
    private const string Names =
        "gpt2, gpt3, gptj, gpt-neox, llama, mistral, mixtral, falcon, bloom, btlm, jais, santacoder, starcoder, gemma2";

    [Theory]
    [InlineData("gpt2", false)]
    [InlineData("gpt3", false)]
    [InlineData("gptj", true)]
    [InlineData("gpt-neox", true)]
    [InlineData("llama", false)]
    [InlineData("LlamaModel", false)]
    [InlineData("mistral", false)]
    [InlineData("mixtral", false)]
    [InlineData("falcon", true)]
    [InlineData("bloom", false)]
    [InlineData("btlm", false)]
    [InlineData("jais", false)]
    [InlineData("santacoder", false)]
    [InlineData("starcoder", false)]
    [InlineData("gemma2", false)]
    [InlineData("GPTJ", true)]
    public void A_family_is_one_of_the_model_zoos_two_classes(string name, bool isParallel)
    {
        ModelParameters expected = YamlRun.Read(TrainerYaml.Minimal).Model;
        if (isParallel)
        {
            expected = expected with
            {
                ParallelResidual = true,
                UseFfnBias = false,
                PositionEmbedding = PositionEmbedding.Rotary,
                Rotary = new RotaryParameters(2),
                EmbeddingDropoutRate = 0.1,
            };
        }

        Assert.Equal(expected, YamlRun.Read(TrainerYaml.With("name: gpt3", $"name: {name}")).Model);
        Assert.Equal(
            expected, YamlRun.Read(TrainerYaml.With("name: gpt3", $"model_name: {name}\n      name: {name}")).Model);
    }

    [Theory]
    [InlineData("lama", "4:7: trainer.init.model.name is \"lama\"; did you mean llama? Valid: " + Names)]
    [InlineData("gpt_neox", "4:7: trainer.init.model.name is \"gpt_neox\"; did you mean gpt-neox? Valid: " + Names)]
    [InlineData("t5", "4:7: trainer.init.model.name is \"t5\"; valid: " + Names)]
    [InlineData("[gpt2]", "4:7: trainer.init.model.name is a list; valid: " + Names)]
    public void Another_name_is_an_error_that_names_the_nearest(string name, string error) =>
        Assert.Equal([error], ModelYaml.TrainerErrors(name, "use_ffn_bias: true"));

    [Fact]
    public void Gpt_j_has_dropout_where_its_file_does_not_say_otherwise()
    {
        string yaml = TrainerYaml.With("name: gpt3", "name: gptj")
            .Replace("      dropout_rate: 0.0\n      attention_dropout_rate: 0.0\n", "", StringComparison.Ordinal);

        ModelParameters model = YamlRun.Read(yaml).Model;

        Assert.Empty(YamlRun.Warnings(yaml));
        Assert.Equal((0.1, 0.1, 0.1), (model.DropoutRate, model.EmbeddingDropoutRate, model.AttentionDropoutRate));
    }

    [Theory]
    [InlineData("use_untied_layer_norm: true", true, true)]
    [InlineData("use_untied_layer_norm: false", true, false)]
    [InlineData("residual_dropout_rate: 0.0", true, false)]
    [InlineData("rotary_dim: 4", true, false)]
    [InlineData("position_embedding_type: rotary | rotary_dim: 4 | dropout_rate: 0.0", false, false)]
    [InlineData("position_embedding_type: rotary | rotary_dim: 4 | norm_type: rmsnorm", false, false)]
    [InlineData("name: gptj", true, false)]
    [InlineData("model_name: gpt-neox | use_untied_layer_norm: true", true, true)]
    [InlineData("name: llama | rotary_dim: 4 | position_embedding_type: rotary | residual_dropout_rate: 0.0", false, false)]
    [InlineData("dropout_rate: 0.0", false, false)]
    public void A_file_of_1_8_is_told_by_its_keys_unless_it_has_a_name(string keys, bool isParallel, bool isUntied)
    {
        ModelParameters model = ModelYaml.Sections(keys);

        Assert.Empty(ModelYaml.Warnings(keys));
        Assert.Equal((isParallel, isUntied), (model.ParallelResidual, model.UntiedLayerNorm));
    }

    [Fact]
    public void A_rotary_model_that_no_key_tells_is_built_as_gpt2_with_a_warning()
    {
        const string keys = "position_embedding_type: rotary | rotary_dim: 4";

        Assert.False(ModelYaml.Sections(keys).ParallelResidual);
        Assert.Equal(
            [
                "11:3: model.position_embedding_type is rotary and no family is named: layers are those of gpt2; give name: gptj for attention "
                + "beside the feed-forward",
            ],
            ModelYaml.Warnings(keys));
    }

    [Fact]
    public void Gpt_js_name_of_the_dropout_rate_is_the_same_setting()
    {
        ModelParameters model = ModelYaml.Sections("name: gpt2 | residual_dropout_rate: 0.2");

        Assert.Equal((0.2, 0.2, 0.2), (model.DropoutRate, model.EmbeddingDropoutRate, model.AttentionDropoutRate));
        Assert.Equal(0.2, ModelYaml.Sections("dropout_rate: 0.2 | residual_dropout_rate: 0.2").DropoutRate);
        Assert.Equal(
            [
                "12:3: model.residual_dropout_rate is 0.3 and means the same as dropout_rate, which is 0.2; give one of them, or both the same value",
            ],
            ModelYaml.Errors("dropout_rate: 0.2 | residual_dropout_rate: 0.3"));
    }

    [Fact]
    public void A_second_normalization_belongs_to_layers_that_run_side_by_side() =>
        Assert.Equal(
            [
                "9:7: trainer.init.model.use_untied_layer_norm is true; valid: false, or a family that adds attention and feed-forward at once, "
                + "such as gpt-neox",
            ],
            ModelYaml.TrainerErrors("llama", "use_untied_layer_norm: true"));
}
