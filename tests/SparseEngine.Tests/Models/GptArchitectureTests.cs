using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

public class GptArchitectureTests
{
    private const string Layer0 = "model.transformer_decoder.layers.0.";

    private static readonly ModelParameters Small = new()
    {
        VocabularySize = 50257, HiddenSize = 768, Layers = 12, Heads = 12, FilterSize = 3072,
    };

    [Fact]
    public void Gpt2_small_has_196_parameters_in_named_parameters_order()
    {
        string[] names = Names(Small);

        Assert.Equal(196, names.Length);
        Assert.Equal(
            [
                "model.embedding_layer.word_embeddings.weight",
                "model.embedding_layer.position_embeddings.weight",
                "model.ln_f.weight",
                "model.ln_f.bias",
                $"{Layer0}self_attn.proj_q_dense_layer.weight",
                $"{Layer0}self_attn.proj_q_dense_layer.bias",
                $"{Layer0}self_attn.proj_k_dense_layer.weight",
                $"{Layer0}self_attn.proj_k_dense_layer.bias",
                $"{Layer0}self_attn.proj_v_dense_layer.weight",
                $"{Layer0}self_attn.proj_v_dense_layer.bias",
                $"{Layer0}self_attn.proj_output_dense_layer.weight",
                $"{Layer0}self_attn.proj_output_dense_layer.bias",
                $"{Layer0}norm1.weight",
                $"{Layer0}norm1.bias",
                $"{Layer0}norm3.weight",
                $"{Layer0}norm3.bias",
                $"{Layer0}ffn.ffn.0.linear_layer.weight",
                $"{Layer0}ffn.ffn.0.linear_layer.bias",
                $"{Layer0}ffn.ffn.1.linear_layer.weight",
                $"{Layer0}ffn.ffn.1.linear_layer.bias",
                "model.transformer_decoder.layers.1.self_attn.proj_q_dense_layer.weight",
            ],
            names[..21]);
    }

    [Fact]
    public void Weights_are_out_by_in()
    {
        Dictionary<string, ImmutableArray<int>> shapes =
            GptArchitecture.Parameters(Small).ToDictionary(parameter => parameter.Name, parameter => parameter.Shape);

        Assert.Equal([50257, 768], shapes["model.embedding_layer.word_embeddings.weight"]);
        Assert.Equal([1024, 768], shapes["model.embedding_layer.position_embeddings.weight"]);
        Assert.Equal([3072, 768], shapes[$"{Layer0}ffn.ffn.0.linear_layer.weight"]);
        Assert.Equal([768, 3072], shapes[$"{Layer0}ffn.ffn.1.linear_layer.weight"]);
        Assert.Equal([3072], shapes[$"{Layer0}ffn.ffn.0.linear_layer.bias"]);
    }

    [Fact]
    public void An_embedding_norm_comes_right_after_the_tables() =>
        Assert.Equal(
            ["model.embedding_ln_f.weight", "model.embedding_ln_f.bias", "model.ln_f.weight"], Names(Small with { EmbeddingLayerNorm = true })[2..5]);

    [Fact]
    public void Without_position_embeddings_the_final_norm_is_second() =>
        Assert.Equal("model.ln_f.weight", Names(Small with { PositionEmbedding = PositionEmbedding.None })[1]);

    [Fact]
    public void Biases_go_with_their_switches()
    {
        Assert.Equal(196 - (3 * 12), Names(Small with { UseProjectionBiasInAttention = false }).Length);
        Assert.DoesNotContain(
            Names(Small with { UseFfnBiasInAttention = false }), name => name.EndsWith("proj_output_dense_layer.bias", StringComparison.Ordinal));
        Assert.DoesNotContain(Names(Small with { UseFfnBias = false }), name => name.EndsWith("linear_layer.bias", StringComparison.Ordinal));
    }

    [Fact]
    public void An_untied_head_and_its_bias_come_last() =>
        Assert.Equal(
            ["model.lm_head.weight", "model.lm_head.bias"], Names(Small with { ShareEmbeddingWeights = false, UseBiasInOutput = true })[^2..]);

    [Fact]
    public void A_llama_has_no_biases_a_gate_after_its_layer_and_grouped_keys()
    {
        ModelParameters llama = Small with
        {
            Layers = 1, PositionEmbedding = PositionEmbedding.Rotary, Rotary = new RotaryParameters(64), Norm = NormKind.RmsNorm,
            GatedFeedForward = true, KeyValueGroups = 4, UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
            ShareEmbeddingWeights = false,
        };

        Assert.Equal(
            [
                ("model.embedding_layer.word_embeddings.weight", "50257 768"),
                ("model.ln_f.weight", "768"),
                ($"{Layer0}self_attn.proj_q_dense_layer.weight", "768 768"),
                ($"{Layer0}self_attn.proj_k_dense_layer.weight", "256 768"),
                ($"{Layer0}self_attn.proj_v_dense_layer.weight", "256 768"),
                ($"{Layer0}self_attn.proj_output_dense_layer.weight", "768 768"),
                ($"{Layer0}norm1.weight", "768"),
                ($"{Layer0}norm3.weight", "768"),
                ($"{Layer0}ffn.ffn.0.linear_layer.weight", "3072 768"),
                ($"{Layer0}ffn.ffn.0.linear_layer_for_glu.weight", "3072 768"),
                ($"{Layer0}ffn.ffn.1.linear_layer.weight", "768 3072"),
                ("model.lm_head.weight", "50257 768"),
            ],
            GptArchitecture.Parameters(llama).Select(parameter => (parameter.Name, string.Join(' ', parameter.Shape))));
    }

    [Fact]
    public void Norms_of_queries_and_keys_come_before_the_output_projection_with_a_heads_features() =>
        Assert.Equal(
            [
                $"{Layer0}self_attn.proj_v_dense_layer.bias", $"{Layer0}self_attn.q_norm.weight", $"{Layer0}self_attn.k_norm.weight",
                $"{Layer0}self_attn.proj_output_dense_layer.weight",
            ],
            Names(Small with { QueryKeyNorm = NormKind.BiaslessLayerNorm, PositionEmbedding = PositionEmbedding.Fixed })[8..12]);

    [Fact]
    public void Parallel_layers_have_a_second_norm_only_where_it_is_their_own()
    {
        Assert.DoesNotContain(Names(Small with { ParallelResidual = true }), name => name.Contains("norm3", StringComparison.Ordinal));
        Assert.Contains($"{Layer0}norm3.weight", Names(Small with { ParallelResidual = true, UntiedLayerNorm = true }));
    }

    private static string[] Names(ModelParameters model) => [.. GptArchitecture.Parameters(model).Select(parameter => parameter.Name)];
}
