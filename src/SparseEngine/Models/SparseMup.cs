using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Sparsity;
using static System.FormattableString;

namespace SparseEngine.Models;

/// <summary>Sparse maximal update parametrization: initial deviations and learning rates of sparse weights follow their densities.</summary>
/// <remarks>
/// Dey et al., 2024, arXiv 2405.15743, table 1: with m the ratio of a weight's density to the base model's, its initial variance and Adam's learning
/// rate are divided by m, so that activations and their changes are as large at every density. Weights of decoder layers only: the head and
/// the tables keep theirs, sparse or not.
/// </remarks>
internal static class SparseMup
{
    /// <summary>The parameters with the initial deviations and base densities that the plan gives them.</summary>
    /// <param name="parameters">As the model declares them.</param>
    /// <param name="plan">The sparse weights, from the beginning of the run.</param>
    public static ImmutableArray<ParameterDefinition> Apply(ImmutableArray<ParameterDefinition> parameters, SparsityPlan plan)
    {
        ImmutableArray<ParameterDefinition>.Builder scaled = parameters.ToBuilder();
        foreach (WeightSparsity weight in plan.Weights)
        {
            if (weight.MupBaseDensity is { } baseDensity && parameters[weight.Index].Role == ParameterRole.LinearWeight)
            {
                ParameterDefinition definition = parameters[weight.Index] with { BaseDensity = baseDensity };
                double deviation = Math.Sqrt(definition.DensityRatio(InitialDensity(weight)));
                scaled[weight.Index] = definition with { Initializer = definition.Initializer.Times(deviation) };
            }
        }

        return scaled.ToImmutable();
    }

    /// <summary>What muP multiplies, a line for all weights that share their ratios; none where every ratio is 1.</summary>
    /// <param name="parameters">What <see cref="Apply"/> gives.</param>
    /// <param name="plan">The sparse weights, from the beginning of the run.</param>
    /// <param name="lastStep">The last step of the run; null where it is not known.</param>
    public static IEnumerable<string> InWords(ImmutableArray<ParameterDefinition> parameters, SparsityPlan plan, int? lastStep)
    {
        Dictionary<int, WeightSparsity> first = plan.After(0).Weights.ToDictionary(weight => weight.Index);
        Dictionary<int, WeightSparsity> last = plan.After(lastStep ?? 0).Weights.ToDictionary(weight => weight.Index);
        return parameters.Select((parameter, index) => Ratios.Of(parameter, first.GetValueOrDefault(index), last.GetValueOrDefault(index)))
            .Where(ratios => ratios != Ratios.One)
            .GroupBy(ratios => ratios)
            .Select(group => group.Key.InWords(group.Count()));
    }

    // Nothing that is drawn is zero.
    private static double InitialDensity(WeightSparsity weight) =>
        weight.Method == SparsityMethod.FromZeros ? 1 : weight.After(0).Density;

    /// <summary>What a weight's learning rate is multiplied by at first and at last, and its initial deviation, to four digits.</summary>
    private readonly record struct Ratios(string LearningRate, string AtLast, string Deviation)
    {
        public static Ratios One { get; } = new("1", "1", "1");

        public static Ratios Of(ParameterDefinition parameter, WeightSparsity? first, WeightSparsity? last)
        {
            double drawn = first is null ? 1 : InitialDensity(first);
            return new Ratios(
                Short(parameter.LearningRateRatio(first?.Density ?? 1)),
                Short(parameter.LearningRateRatio(last?.Density ?? 1)),
                Short(Math.Sqrt(parameter.LearningRateRatio(drawn))));
        }

        public string InWords(int count) =>
            $"muP multiplies learning rates by {LearningRate} and initial deviations by {Deviation} in {Counted.Of(count, "weight")}"
            + (AtLast == LearningRate ? "" : $"; the masks' last level multiplies learning rates by {AtLast}");

        private static string Short(double ratio) => Invariant($"{ratio:G4}");
    }
}
