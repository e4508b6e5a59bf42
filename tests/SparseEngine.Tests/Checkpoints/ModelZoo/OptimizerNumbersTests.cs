using System.Collections.Immutable;
using SparseEngine.Checkpoints;

namespace SparseEngine.Tests.Checkpoints.ModelZoo;

/// <summary>The order of parameters and the numbers of an optimizer's states, from names alone.</summary>
public class OptimizerNumbersTests
{
    private const string Layer = "model.transformer_decoder.layers.";

    private static readonly string[] Gpt2 =
    [
        "model.embedding_layer.word_embeddings.weight", "model.embedding_layer.position_embeddings.weight", "model.ln_f.weight", "model.ln_f.bias",
        .. LayerOf(0, "weight", "bias"), .. LayerOf(1, "weight", "bias"), .. LayerOf(10, "weight", "bias"),
        "model.lm_head.weight", "model.lm_head.bias",
    ];

    private static readonly string[] Llama =
    [
        "model.embedding_layer.word_embeddings.weight", "model.ln_f.weight", .. LlamaLayerOf(0), .. LlamaLayerOf(1), "model.lm_head.weight",
    ];

    [Fact]
    public void A_files_names_come_into_the_order_of_the_model()
    {
        Assert.Equal(Gpt2, ParameterOrder.Sort(Gpt2.Order(StringComparer.Ordinal)));
        Assert.Equal(Llama, ParameterOrder.Sort(Llama.Order(StringComparer.Ordinal)));
        Assert.Equal(["model.ln_f.bias", "another"], ParameterOrder.Sort(["another", "model.ln_f.bias"]));
        Assert.False(ParameterOrder.Knows("model.transformer_decoder.layers.x.norm1.weight"));
    }

    [Fact]
    public void Weights_that_decay_are_counted_first_and_then_biases_and_normalizations()
    {
        (ImmutableArray<string> decaying, ImmutableArray<string> others) = OptimizerNumbers.OfZoo18(Gpt2);

        Assert.Equal(["model.embedding_layer.word_embeddings.weight", "model.embedding_layer.position_embeddings.weight"], decaying.Take(2));
        Assert.Equal($"{Layer}0.self_attn.proj_q_dense_layer.weight", decaying[2]);
        Assert.Equal($"{Layer}0.ffn.ffn.1.linear_layer.weight", decaying[7]);
        Assert.Equal("model.lm_head.weight", decaying[^1]);
        Assert.Equal(2 + (3 * 6) + 1, decaying.Length);
        Assert.Equal(["model.ln_f.weight", "model.ln_f.bias", $"{Layer}0.self_attn.proj_q_dense_layer.bias"], others.Take(3));
        Assert.Equal("model.lm_head.bias", others[^1]);
    }

    [Fact]
    public void Without_biases_of_layers_the_normalizations_alone_do_not_decay()
    {
        string[] names = [.. Gpt2.Where(name => !name.EndsWith("bias", StringComparison.Ordinal) || name.Contains("norm", StringComparison.Ordinal)
            || name.Contains("ln_f", StringComparison.Ordinal))];

        (_, ImmutableArray<string> others) = OptimizerNumbers.OfZoo18(names);

        Assert.Equal(2 + (3 * 4), others.Length);
        Assert.All(others, name => Assert.Matches("norm|ln_f", name));
    }

    [Fact]
    public void Normalizations_without_biases_decay_in_version_8_and_not_later()
    {
        Assert.Empty(OptimizerNumbers.OfZoo18(Llama).Others);
        Assert.Equal(Llama, OptimizerNumbers.OfZoo18(Llama).Decaying);
        Assert.Equal(
            ["model.ln_f.weight", $"{Layer}0.norm1.weight", $"{Layer}0.norm3.weight", $"{Layer}1.norm1.weight", $"{Layer}1.norm3.weight"],
            OptimizerNumbers.OfZoo2(Llama).Others);
    }

    private static IEnumerable<string> LayerOf(int index, params string[] parts) =>
        from module in new[]
        {
            "self_attn.proj_q_dense_layer", "self_attn.proj_k_dense_layer", "self_attn.proj_v_dense_layer", "self_attn.proj_output_dense_layer",
            "norm1", "norm3", "ffn.ffn.0.linear_layer", "ffn.ffn.1.linear_layer",
        }
        from part in parts
        select $"{Layer}{index}.{module}.{part}";

    private static IEnumerable<string> LlamaLayerOf(int index) =>
        LayerOf(index, "weight").SelectMany(name => name.Contains("ffn.0", StringComparison.Ordinal)
            ? [name, name.Replace("linear_layer", "linear_layer_for_glu", StringComparison.Ordinal)]
            : (string[])[name]);
}
