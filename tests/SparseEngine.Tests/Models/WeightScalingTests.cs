using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

/// <summary>Initial deviations and learning rates under muP, by hand.</summary>
public class WeightScalingTests
{
    private static readonly ModelParameters Plain = TinyModel.Shape with { HiddenSize = 64, FilterSize = 96, Layers = 8, InitializerRange = 0.04 };

    private static readonly ModelParameters Mup = Plain with { MupBaseHiddenSize = 16, MupBaseFilterSize = 24 };

    [Theory]
    [InlineData("self_attn.proj_q_dense_layer.weight", 0.25, 0.02)]
    [InlineData("self_attn.proj_k_dense_layer.weight", 0.25, 0.02)]
    [InlineData("self_attn.proj_v_dense_layer.weight", 0.25, 0.02)]
    [InlineData("self_attn.proj_output_dense_layer.weight", 0.25, 0.005)]
    [InlineData("ffn.ffn.0.linear_layer.weight", 0.25, 0.02)]
    [InlineData("ffn.ffn.1.linear_layer.weight", 0.25, 0.005)]
    [InlineData("norm1.weight", 1, 0)]
    public void Mup_scales_rates_by_the_ratio_of_widths_and_deviations_by_its_root(string name, double ratio, double deviation)
    {
        ParameterDefinition parameter = Find(Mup, $"model.transformer_decoder.layers.0.{name}");
        Assert.Equal(ratio, parameter.WidthRatio);
        Assert.Equal(deviation, parameter.Initializer.StandardDeviation, 12);
    }

    [Fact]
    public void Embeddings_and_head_keep_theirs()
    {
        Assert.Equal((1, 0.04), Of(GptArchitecture.WordEmbeddings));
        Assert.Equal((1, 0.04), Of($"{GptArchitecture.Head}.weight"));

        (double, double) Of(string name)
        {
            ParameterDefinition parameter = Find(Mup with { ShareEmbeddingWeights = false }, name);
            return (parameter.WidthRatio, parameter.Initializer.StandardDeviation);
        }
    }

    [Fact]
    public void A_truncated_initializer_keeps_its_shape()
    {
        InitializerParameters given = new(InitializerKind.TruncatedNormal, 0, 0.08, -0.16, 0.16);
        ParameterDefinition scaled = Find(Mup with { Initializer = given }, "model.transformer_decoder.layers.0.ffn.ffn.0.linear_layer.weight");
        Assert.Equal(given with { StandardDeviation = 0.04, Lower = -0.08, Upper = 0.08 }, scaled.Initializer);
    }

    [Fact]
    public void Without_base_sizes_every_rate_is_the_runs() =>
        Assert.All(GptArchitecture.Parameters(Plain), parameter => Assert.Equal(1, parameter.WidthRatio));

    private static ParameterDefinition Find(ModelParameters model, string name) =>
        GptArchitecture.Parameters(model).Single(parameter => parameter.Name == name);
}
