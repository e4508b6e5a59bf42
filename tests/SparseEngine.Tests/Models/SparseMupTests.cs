using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Tests.Models;

/// <summary>Initial deviations and learning rates of sparse weights under muP, by hand.</summary>
public sealed class SparseMupTests
{
    private const string Layer = "model.transformer_decoder.layers.0.";
    private const string FirstFeedForward = Layer + "ffn.ffn.0.linear_layer.weight";
    private const string SecondFeedForward = Layer + "ffn.ffn.1.linear_layer.weight";

    private static readonly ModelParameters Plain = TinyModel.Shape with { HiddenSize = 64, FilterSize = 96, Layers = 8, InitializerRange = 0.04 };

    private static readonly ModelParameters Mup = Plain with { MupBaseHiddenSize = 16, MupBaseFilterSize = 24 };

    private static readonly HyperparameterSchedule Rising = new CyclingValue([0.5, 0.75, 0.9375]);

    [Theory]
    [InlineData("self_attn.proj_q_dense_layer.weight", 1, 0.04)]
    [InlineData("self_attn.proj_output_dense_layer.weight", 1, 0.01)]
    [InlineData("ffn.ffn.0.linear_layer.weight", 1, 0.04)]
    [InlineData("ffn.ffn.1.linear_layer.weight", 1, 0.01)]
    [InlineData("ffn.ffn.1.linear_layer.bias", 1, 0)]
    [InlineData("norm1.weight", 1, 0)]
    public void A_quarter_of_the_density_undoes_four_times_the_width(string name, double ratio, double deviation)
    {
        ParameterDefinition parameter = Find(Mup, Layer + name, Section(0.75, baseDensity: 1));
        Assert.Equal(ratio, parameter.LearningRateRatio(parameter.CanBeSparse ? 0.25 : 1), 12);
        Assert.Equal(deviation, parameter.Initializer.StandardDeviation, 12);
    }

    [Fact]
    public void Without_base_sizes_density_alone_scales()
    {
        ParameterDefinition parameter = Find(Plain, FirstFeedForward, Section(0.75, baseDensity: 1));
        Assert.Equal((1, 4, 0.08), (parameter.WidthRatio, parameter.LearningRateRatio(0.25), parameter.Initializer.StandardDeviation));
    }

    [Fact]
    public void A_base_that_is_as_sparse_itself_changes_nothing()
    {
        ParameterDefinition parameter = Find(Mup, FirstFeedForward, Section(0.75, baseDensity: 0.25));
        Assert.Equal((0.25, 0.02), (parameter.LearningRateRatio(0.25), parameter.Initializer.StandardDeviation));
    }

    [Fact]
    public void Without_a_base_density_density_changes_nothing() =>
        Assert.Equal(GptArchitecture.Parameters(Mup).Select(Scaling), Apply(Mup, Section(0.75, baseDensity: null)).Select(Scaling));

    [Fact]
    public void A_head_that_is_sparse_keeps_its_own()
    {
        string name = $"{GptArchitecture.Head}.weight";
        ModelParameters untied = Mup with { ShareEmbeddingWeights = false };
        SparsityParameters section = Groups(new SparsityGroup(new("weight"), 0.75, SparsityMethod.Random, 1, "") { MupBaseDensity = 1 });
        Assert.Equal((null, 0.04), Scaling(Find(untied, name, section)));
        Assert.Equal((1.0, 0.04), Scaling(Find(untied, FirstFeedForward, section)));
    }

    [Fact]
    public void Each_weight_goes_by_the_density_of_its_group()
    {
        SparsityParameters section = Groups(
            new SparsityGroup(new("ffn.0"), 0.75, SparsityMethod.Random, 1, "") { MupBaseDensity = 1 },
            new SparsityGroup(new("ffn.1"), 0.9375, SparsityMethod.Random, 1, "") { MupBaseDensity = 0.25 },
            new SparsityGroup(new("attn.*weight"), 0.5, SparsityMethod.Random, 1, ""));

        Assert.Equal(0.08, Find(Plain, FirstFeedForward, section).Initializer.StandardDeviation, 12);
        Assert.Equal(0.08, Find(Plain, SecondFeedForward, section).Initializer.StandardDeviation, 12);
        Assert.Equal(1, Find(Plain, Layer + "self_attn.proj_q_dense_layer.weight", section).LearningRateRatio(0.5));
        Assert.Equal(["muP multiplies learning rates by 4 and initial deviations by 2 in 16 weights"], Lines(Plain, section, lastStep: 10));
    }

    [Theory]
    [InlineData(0, 0.0565685424949238, "2 and initial deviations by 1.414")]
    [InlineData(4, 0.04, "1 and initial deviations by 1")]
    public void Masks_that_move_start_from_the_density_at_step_0(int start, double deviation, string atFirst)
    {
        DynamicSparsity dynamic = new(SparsityAlgorithm.Gmp, Rising, new PeriodicUpdates(4, start, 12), DynamicSparsity.DefaultDropFraction);
        SparsityParameters section = Groups(
            new SparsityGroup(new("ffn.0"), 0, SparsityMethod.TopK, 1, "") { MupBaseDensity = 1, Dynamic = dynamic });

        ParameterDefinition parameter = Find(Plain, FirstFeedForward, section);

        Assert.Equal(deviation, parameter.Initializer.StandardDeviation, 12);
        Assert.Equal([1, 2, 4, 16], new[] { 1, 0.5, 0.25, 0.0625 }.Select(parameter.LearningRateRatio));
        Assert.Equal(
            [
                $"muP multiplies learning rates by {atFirst} in 8 weights; "
                + $"the masks' last level multiplies learning rates by {(start == 0 ? 16 : 4)}",
            ],
            Lines(Plain, section, lastStep: 20));
    }

    /// <summary>Drawn weights are not zero, whatever level the section names beside the method.</summary>
    [Fact]
    public void Weights_from_zeros_are_drawn_dense()
    {
        SparsityParameters section = Groups(new SparsityGroup(new("ffn.0"), 0.75, SparsityMethod.FromZeros, 1, "") { MupBaseDensity = 1 });
        Assert.Equal(0.04, Find(Plain, FirstFeedForward, section).Initializer.StandardDeviation);
    }

    [Fact]
    public void A_weight_of_which_nothing_is_left_has_a_finite_rate() =>
        Assert.Equal(0.25, Find(Mup, FirstFeedForward, Section(0.75, baseDensity: 1)).LearningRateRatio(0));

    [Fact]
    public void Nothing_is_said_where_nothing_is_scaled()
    {
        Assert.Empty(Lines(Plain, Section(0.75, baseDensity: null), lastStep: 10));
        Assert.Empty(Lines(Plain, Section(0, baseDensity: 1), lastStep: 10));
        Assert.Equal(
            ["muP multiplies learning rates by 0.25 and initial deviations by 0.5 in 48 weights"], Lines(Mup, Section(0.5, null), lastStep: null));
    }

    private static (double? BaseDensity, double Deviation) Scaling(ParameterDefinition parameter) =>
        (parameter.BaseDensity, parameter.Initializer.StandardDeviation);

    private static SparsityParameters Section(double sparsity, double? baseDensity) => new()
    {
        Selection = SparsitySelection.Default,
        Groups = [new SparsityGroup(null, sparsity, SparsityMethod.Random, 1, "") { MupBaseDensity = baseDensity }],
    };

    private static SparsityParameters Groups(params ImmutableArray<SparsityGroup> groups) =>
        new() { Selection = SparsitySelection.Patterns, Groups = groups };

    private static SparsityPlan Plan(ModelParameters model, SparsityParameters section) =>
        SparsityPlan.Create(section, GptArchitecture.Parameters(model));

    private static ImmutableArray<ParameterDefinition> Apply(ModelParameters model, SparsityParameters section) =>
        SparseMup.Apply(GptArchitecture.Parameters(model), Plan(model, section));

    private static ParameterDefinition Find(ModelParameters model, string name, SparsityParameters section) =>
        Apply(model, section).Single(parameter => parameter.Name == name);

    private static IEnumerable<string> Lines(ModelParameters model, SparsityParameters section, int? lastStep) =>
        SparseMup.InWords(Apply(model, section), Plan(model, section), lastStep);
}
