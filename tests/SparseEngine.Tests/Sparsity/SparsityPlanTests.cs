using System.Text.RegularExpressions;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Sparsity;

public sealed class SparsityPlanTests
{
    private static readonly ParameterDefinition[] Model =
    [
        Declared("model.embedding_layer.word_embeddings.weight", ParameterRole.Embedding, 256, 32),
        Declared("model.ln_f.weight", ParameterRole.Scale, 32),
        Declared("model.layers.0.self_attn.proj_q_dense_layer.weight", ParameterRole.LinearWeight, 32, 32),
        Declared("model.layers.0.self_attn.proj_q_dense_layer.bias", ParameterRole.Bias, 32),
        Declared("model.layers.0.Norm1.weight", ParameterRole.Scale, 32, 1),
        Declared("model.layers.0.ffn.ffn.0.linear_layer.weight", ParameterRole.LinearWeight, 128, 32),
        Declared("lm_head.weight", ParameterRole.HeadWeight, 256, 32),
    ];

    // As the tensors of a checkpoint of which nothing else is known.
    private static readonly NamedShape[] Tensors = [.. Model.Select(parameter => new NamedShape(parameter.Name, parameter.Shape))];

    [Fact]
    public void By_default_embeddings_norms_the_head_and_vectors_stay_dense()
    {
        SparsityPlan plan = Plan(Group(null, 0.75));
        Assert.Equal([2, 5], plan.Weights.Select(weight => weight.Index));
        Assert.Equal([1236L, 1239L], plan.Weights.Select(weight => weight.Seed));
        Assert.Equal([256L, 1024L], plan.Weights.Select(weight => weight.Kept));
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void The_first_pattern_found_anywhere_in_the_name_applies()
    {
        SparsityPlan plan = Plan(Group("ffn", 0.5), Group("linear_layer|proj", 0.25));
        Assert.Equal([(2, 0.25), (5, 0.5)], plan.Weights.Select(weight => (weight.Index, weight.Sparsity)).Where(pair => pair.Index != 3));
    }

    [Fact]
    public void A_pattern_that_matches_nothing_is_named_with_its_place()
    {
        SparsityPlan plan = Plan(Group("ffn.*weight", 0.5), Group("FFN", 0.5));
        Assert.Equal(["params.yaml:9:7: the sparsity pattern \"FFN\" matches no weight"], plan.Warnings);
    }

    [Fact]
    public void What_cannot_be_sparse_stays_dense_and_is_named()
    {
        SparsityPlan plan = Plan(Group("word_embeddings|proj_q|lm_head", 0.5));
        Assert.Equal([2, 6], plan.Weights.Select(weight => weight.Index));
        Assert.Equal(
            [
                "model.embedding_layer.word_embeddings.weight matches a sparsity pattern but is not a linear layer's weight; it stays dense",
                "model.layers.0.self_attn.proj_q_dense_layer.bias matches a sparsity pattern but is not a linear layer's weight; it stays dense",
            ],
            plan.Warnings);
    }

    [Fact]
    public void Of_tensors_known_by_name_alone_a_pattern_takes_all_it_matches_and_the_default_rule_is_the_same()
    {
        SparsityPlan named = SparsityPlan.Create(Parameters(Group("word_embeddings|proj_q|lm_head", 0.5)), Tensors);
        SparsityPlan byDefault = SparsityPlan.Create(Parameters(Group(null, 0.75)), [.. Tensors, new NamedShape("conv.weight", [4, 2, 3, 3])]);
        Assert.Equal([0, 2, 3, 6], named.Weights.Select(weight => weight.Index));
        Assert.Equal([2, 5, 7], byDefault.Weights.Select(weight => weight.Index));
        Assert.Empty(named.Warnings);
    }

    [Fact]
    public void Groups_without_a_seed_share_one_drawn_seed()
    {
        int draws = 0;
        SparsityParameters parameters = new()
        {
            Selection = SparsitySelection.Patterns,
            Groups = [Group("proj_q.*weight", 0.5) with { Seed = null }, Group("ffn", 0.5) with { Seed = null }],
        };
        SparsityPlan plan = SparsityPlan.Create(parameters, Model, () => 100 + draws++);
        Assert.Equal([102L, 105L], plan.Weights.Select(weight => weight.Seed));
        Assert.Equal(1, draws);
    }

    [Fact]
    public void A_weight_of_which_nothing_is_kept_is_named()
    {
        SparsityPlan plan = SparsityPlan.Create(Parameters(Group(null, 0.9)), [new NamedShape("w", [2, 2])]);
        Assert.Equal(["w: nothing of its 4 elements is kept at sparsity 0.9"], plan.Warnings);
    }

    private static ParameterDefinition Declared(string name, ParameterRole role, params ReadOnlySpan<int> shape) =>
        new(name, [.. shape], role, Layer: null, InitializerParameters.Constant(0));

    private static SparsityPlan Plan(params SparsityGroup[] groups) => SparsityPlan.Create(Parameters(groups), Model);

    private static SparsityParameters Parameters(params SparsityGroup[] groups) => new()
    {
        Selection = groups is [{ Pattern: null }] ? SparsitySelection.Default : SparsitySelection.Patterns,
        Groups = [.. groups],
    };

    private static SparsityGroup Group(string? pattern, double sparsity) =>
        new(pattern is null ? null : new Regex(pattern), sparsity, SparsityMethod.Random, 1234, "params.yaml:9:7");
}
