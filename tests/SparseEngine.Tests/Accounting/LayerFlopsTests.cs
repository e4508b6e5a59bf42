using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Accounting;

public sealed class LayerFlopsTests
{
    private static readonly ModelParameters Model = new() { VocabularySize = 100, HiddenSize = 8, Layers = 2, Heads = 2, FilterSize = 32 };

    [Fact]
    public void A_sparse_weight_executes_its_kept_elements_and_the_rest_runs_dense()
    {
        const string Weight = "model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight";
        int index = GptArchitecture.Parameters(Model).ToList().FindIndex(parameter => parameter.Name == Weight);
        SparsityPlan plan = new([new WeightSparsity(index, Weight, [32, 8], 0.75, SparsityMethod.Random, 1, Kept: 64)], []);
        LayerFlops[] flops = [.. LayerFlops.OfForwardPass(Model, plan, batch: 2, sequence: 5)];

        // 10 tokens, 2 operations for each of 256 elements; 64 of them are kept.
        LayerFlops expected = new(Weight, 5120, 1280) { Part = LayerPart.Linear, Layer = 1, Elements = 256, NonZeros = 64 };
        Assert.Equal(expected, flops.Single(layer => layer.Name == Weight));
        Assert.Equal((10240, 2560), (expected.DenseBackward, expected.ExecutedBackward));
        Assert.All(flops.Where(layer => layer.Name != Weight), layer => Assert.Equal(layer.DenseForward, layer.ExecutedForward));
    }

    [Fact]
    public void Attention_counts_causal_pairs_and_the_head_is_listed_once_tied_or_not()
    {
        foreach (bool tied in new[] { true, false })
        {
            LayerFlops[] flops =
                [.. LayerFlops.OfForwardPass(Model with { ShareEmbeddingWeights = tied }, SparsityPlan.Dense, batch: 2, sequence: 5)];
            Assert.Equal(2 * 10 * 100 * 8, flops.Single(layer => layer.Name == "model.lm_head.weight").DenseForward);

            // Two sequences of 15 pairs; a score and a value of 8 multiply-adds for each.
            Assert.Equal(2 * 15 * 2 * 2 * 8, flops.Single(layer => layer.Name == "model.transformer_decoder.layers.1.self_attn").DenseForward);
            Assert.Equal((2 * 6) + 1 + 2, flops.Length);
        }
    }

    [Fact]
    public void Attention_counted_in_full_takes_every_pair_of_a_query_and_a_key()
    {
        LayerFlops[] full = [.. LayerFlops.OfForwardPass(Model, SparsityPlan.Dense, batch: 2, sequence: 5, AttentionCounting.Full)];
        LayerFlops[] causal = [.. LayerFlops.OfForwardPass(Model, SparsityPlan.Dense, batch: 2, sequence: 5, AttentionCounting.Causal)];

        Assert.All(full.Where(layer => layer.Part == LayerPart.Attention), layer => Assert.Equal(2 * 25 * 2 * 2 * 8, layer.DenseForward));
        Assert.Equal(2, full.Count(layer => layer.Part == LayerPart.Attention));
        Assert.Equal(causal.Where(layer => layer.Part != LayerPart.Attention), full.Where(layer => layer.Part != LayerPart.Attention));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(9)]
    public void A_window_leaves_out_what_lies_before_it(int window)
    {
        ModelParameters model = Model with { SlidingWindow = window, Heads = 3, AttentionInnerSize = 12, KeyValueGroups = 1 };
        double causal = Enumerable.Range(0, 5).Sum(query => Math.Min(query + 1, window));

        Assert.Equal(2 * causal * 2 * 2 * 12, Of(AttentionCounting.Causal), 9);
        Assert.Equal(2 * 5 * Math.Min(window, 5) * 2 * 2 * 12, Of(AttentionCounting.Full));

        double Of(AttentionCounting counting) => LayerFlops.OfForwardPass(model, SparsityPlan.Dense, batch: 2, sequence: 5, counting)
            .First(layer => layer.Part == LayerPart.Attention).DenseForward;
    }

    [Fact]
    public void Grouped_keys_and_gates_count_by_their_weights()
    {
        ModelParameters model = Model with { Heads = 4, KeyValueGroups = 2, GatedFeedForward = true, Layers = 1 };
        Dictionary<string, double> flops = LayerFlops.OfForwardPass(model, SparsityPlan.Dense, batch: 2, sequence: 5)
            .ToDictionary(
                layer => layer.Name.Replace("model.transformer_decoder.layers.0.", "", StringComparison.Ordinal), layer => layer.DenseForward);

        Assert.Equal(2 * 10 * 4 * 8, flops["self_attn.proj_k_dense_layer.weight"]);
        Assert.Equal(2 * 10 * 8 * 8, flops["self_attn.proj_q_dense_layer.weight"]);
        Assert.Equal(2 * 10 * 32 * 8, flops["ffn.ffn.0.linear_layer_for_glu.weight"]);
    }

    [Fact]
    public void A_training_step_is_three_forward_passes()
    {
        FlopCount forward = FlopCount.OfForwardPass(Model, SparsityPlan.Dense, batch: 3, sequence: 7);
        FlopCount step = FlopCount.OfTrainingStep(Model, SparsityPlan.Dense, batch: 3, sequence: 7);
        Assert.Equal(LayerFlops.OfForwardPass(Model, SparsityPlan.Dense, 3, 7).Sum(layer => layer.DenseForward), forward.Dense);
        Assert.Equal((3 * forward.Dense, 3 * forward.Executed), (step.Dense, step.Executed));
    }
}
