using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SparseEngine.Configuration;
using static System.FormattableString;

namespace SparseEngine.Sparsity;

/// <summary>Which weights of a model are made sparse and how: the sparsity section applied to a list of parameters.</summary>
/// <param name="Weights">The sparse weights, in parameter order.</param>
/// <param name="Warnings">Patterns that match nothing, weights of which nothing is kept, parameters that cannot be sparse.</param>
public sealed record SparsityPlan(ImmutableArray<WeightSparsity> Weights, ImmutableArray<string> Warnings)
{
    /// <summary>The plan of a dense model.</summary>
    public static SparsityPlan Dense { get; } = new([], []);

    /// <summary>Decides for each parameter which group it belongs to.</summary>
    /// <param name="parameters">The sparsity section; null plans nothing.</param>
    /// <param name="parametersInOrder">The model's parameters: a weight's index among them is part of its seed.</param>
    /// <param name="drawSeed">Draws the seed of groups that have none, once for all of them; null draws 32 random bits.</param>
    public static SparsityPlan Create(
        SparsityParameters? parameters, IReadOnlyList<NamedShape> parametersInOrder, Func<long>? drawSeed = null)
    {
        ArgumentNullException.ThrowIfNull(parametersInOrder);
        return parameters is null
            ? Dense
            : new Planner(parameters, drawSeed ?? (() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)))).Plan(parametersInOrder);
    }

    private sealed class Planner(SparsityParameters parameters, Func<long> drawSeed)
    {
        private readonly HashSet<SparsityGroup> matched = [];
        private readonly List<WeightSparsity> weights = [];
        private readonly List<string> warnings = [];
        private long? drawnSeed;

        public SparsityPlan Plan(IReadOnlyList<NamedShape> parametersInOrder)
        {
            for (int index = 0; index < parametersInOrder.Count; index++)
            {
                if (parameters.Groups.FirstOrDefault(group => Matches(group, parametersInOrder[index])) is { } chosen)
                {
                    Add(index, parametersInOrder[index], chosen);
                }
            }

            // Searched in all names, so that a pattern shadowed by an earlier one is not called unmatched.
            foreach (SparsityGroup group in parameters.Groups
                .Where(group => !matched.Contains(group) && !parametersInOrder.Any(p => Matches(group, p))))
            {
                warnings.Add(group.Pattern is null
                    ? "sparsity applies by default to weights with more than one dimension but embeddings, norms and the head; this model has none"
                    : $"{group.Location}: the sparsity pattern \"{group.Pattern}\" matches no weight");
            }

            if (parameters.Groups.IsEmpty)
            {
                warnings.Add("sparsity.param_name_patterns is empty, so no weight is made sparse");
            }

            return new SparsityPlan([.. weights], [.. warnings]);
        }

        private static bool Matches(SparsityGroup group, NamedShape parameter)
        {
            try
            {
                return group.Pattern?.IsMatch(parameter.Name) ?? IsSparseByDefault(parameter);
            }
            catch (RegexMatchTimeoutException)
            {
                throw new ConfigurationException(
                    [new Diagnostic(
                        group.Location,
                        $"the sparsity pattern \"{group.Pattern}\" takes too long to match {parameter.Name}; write it without nested repetition")]);
            }
        }

        private static bool IsSparseByDefault(NamedShape parameter)
        {
            string name = parameter.Name.ToLowerInvariant();
            return parameter.Shape.Length > 1
                && !name.Contains("embedding", StringComparison.Ordinal) && !name.Contains("norm", StringComparison.Ordinal)
                && !name.Contains("lm_head", StringComparison.Ordinal);
        }

        private void Add(int index, NamedShape parameter, SparsityGroup group)
        {
            matched.Add(group);
            if (!parameter.CanBeSparse)
            {
                warnings.Add($"{parameter.Name} matches a sparsity pattern but is not a linear layer's weight; it stays dense");
                return;
            }

            long seed = group.Seed ?? (drawnSeed ??= drawSeed());
            WeightSparsity weight = new(
                index, parameter.Name, parameter.Shape, group.Sparsity, group.Method, seed,
                MaskSelector.KeptCount(parameter.Elements, group.Sparsity));
            weights.Add(weight);
            if (weight.Kept == 0)
            {
                warnings.Add(Invariant($"{parameter.Name}: nothing of its {weight.Total} elements is kept at sparsity {group.Sparsity}"));
            }
        }
    }
}
