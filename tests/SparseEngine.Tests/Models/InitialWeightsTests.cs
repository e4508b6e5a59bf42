using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

public class InitialWeightsTests
{
    private const string Layer0 = "model.transformer_decoder.layers.0.";

    private static readonly ModelParameters Model = new()
    {
        VocabularySize = 1000, HiddenSize = 128, Layers = 8, Heads = 4, FilterSize = 512,
    };

    [Theory]
    [InlineData("model.embedding_layer.word_embeddings.weight", 0.02)]
    [InlineData("model.embedding_layer.position_embeddings.weight", 0.02)]
    [InlineData(Layer0 + "self_attn.proj_q_dense_layer.weight", 0.005)]
    [InlineData(Layer0 + "self_attn.proj_output_dense_layer.weight", 0.005)]
    [InlineData(Layer0 + "ffn.ffn.0.linear_layer.weight", 0.02)]
    [InlineData(Layer0 + "ffn.ffn.1.linear_layer.weight", 0.02)]
    public void Weights_without_an_initializer_are_normal_with_the_zoos_deviation(string name, double deviation)
    {
        float[] weights = Read(Model, name);

        // Four standard errors of the mean and of the deviation.
        Assert.Equal(0, weights.Average(), 4 * deviation / Math.Sqrt(weights.Length));
        Assert.Equal(deviation, Deviation(weights), 4 * deviation / Math.Sqrt(2.0 * weights.Length));
        Assert.Contains(weights, weight => Math.Abs(weight) > 3 * deviation);
    }

    [Fact]
    public void Biases_start_at_zero_and_norms_at_one_and_zero()
    {
        Assert.All(Read(Model, Layer0 + "ffn.ffn.0.linear_layer.bias"), bias => Assert.Equal(0, bias));
        Assert.All(Read(Model, Layer0 + "norm1.weight"), weight => Assert.Equal(1, weight));
        Assert.All(Read(Model, "model.ln_f.bias"), bias => Assert.Equal(0, bias));
    }

    [Fact]
    public void A_truncated_normal_stays_within_its_bounds_and_has_its_deviation()
    {
        ModelParameters model = Model with { Initializer = new InitializerParameters(InitializerKind.TruncatedNormal, 0, 0.02, -0.04, 0.04) };
        float[] weights = Read(model, Layer0 + "ffn.ffn.0.linear_layer.weight");

        Assert.All(weights, weight => Assert.InRange(weight, -0.04f, 0.04f));
        // The deviation of a normal cut at two deviations is 0.879626 of the whole's.
        double deviation = 0.02 * 0.8796256610342398;
        Assert.Equal(deviation, Deviation(weights), 4 * deviation / Math.Sqrt(2.0 * weights.Length));
    }

    [Fact]
    public void A_truncated_normal_may_lie_in_a_tail()
    {
        ModelParameters model = Model with { Initializer = new InitializerParameters(InitializerKind.TruncatedNormal, 0, 1, 3, 4) };

        // The mean of a standard normal between 3 and 4 is (phi(3) - phi(4)) / (Phi(4) - Phi(3)).
        Assert.Equal(3.26, Read(model, Layer0 + "ffn.ffn.0.linear_layer.weight").Average(), 0.01);
    }

    [Theory]
    [InlineData(InitializerKind.Uniform, 0.1, 0.3, 0.2, 0.057735)]
    [InlineData(InitializerKind.XavierUniform, -0.0968246, 0.0968246, 0, 0.0559017)]
    [InlineData(InitializerKind.XavierNormal, -0.4, 0.4, 0, 0.0559017)]
    public void Other_distributions_have_their_bounds_mean_and_deviation(
        InitializerKind kind, double lower, double upper, double mean, double deviation)
    {
        ModelParameters model = Model with { Initializer = new InitializerParameters(kind, 0, 0, 0.1, 0.3) };
        float[] weights = Read(model, Layer0 + "ffn.ffn.0.linear_layer.weight");

        Assert.All(weights, weight => Assert.InRange(weight, lower - 1e-7, upper + 1e-7));
        Assert.Equal(mean, weights.Average(), 5 * deviation / Math.Sqrt(weights.Length));
        Assert.Equal(deviation, Deviation(weights), 5 * deviation / Math.Sqrt(2.0 * weights.Length));
    }

    [Fact]
    public void A_constant_fills_the_weight() =>
        Assert.All(
            Read(
                Model with { EmbeddingInitializer = new InitializerParameters(InitializerKind.Constant, 0.5, 0, 0, 0) },
                GptArchitecture.WordEmbeddings),
            weight => Assert.Equal(0.5f, weight));

    [Fact]
    public void The_output_layer_initializer_is_for_both_output_projections_and_no_other()
    {
        ModelParameters model = Model with { OutputLayerInitializer = new InitializerParameters(InitializerKind.Constant, 7, 0, 0, 0) };

        Assert.Equal(7, Read(model, Layer0 + "self_attn.proj_output_dense_layer.weight")[0]);
        Assert.Equal(7, Read(model, Layer0 + "ffn.ffn.1.linear_layer.weight")[0]);
        Assert.NotEqual(7, Read(model, Layer0 + "self_attn.proj_v_dense_layer.weight")[0]);
        Assert.NotEqual(7, Read(model, Layer0 + "ffn.ffn.0.linear_layer.weight")[0]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_seed_others()
    {
        Assert.Equal(Read(Model, GptArchitecture.WordEmbeddings, seed: 3), Read(Model, GptArchitecture.WordEmbeddings, seed: 3));
        Assert.NotEqual(Read(Model, GptArchitecture.WordEmbeddings, seed: 3), Read(Model, GptArchitecture.WordEmbeddings, seed: 4));
        Assert.NotEqual(
            Read(Model, Layer0 + "self_attn.proj_q_dense_layer.weight"), Read(Model, Layer0 + "self_attn.proj_k_dense_layer.weight"));
    }

    private static float[] Read(ModelParameters model, string name, int seed = 1)
    {
        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(model);
        int index = definitions.Select(definition => definition.Name).ToList().IndexOf(name);
        ParameterDefinition definition = definitions[index];
        float[] dense = new float[definition.Elements];
        new InitialWeights(seed).Read(index, definition, dense);
        return dense;
    }

    private static double Deviation(float[] weights)
    {
        double mean = weights.Average();
        return Math.Sqrt(weights.Average(weight => (weight - mean) * (weight - mean)));
    }
}
