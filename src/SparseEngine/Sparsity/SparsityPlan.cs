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

    /// <summary>Whether masks change during training.</summary>
    public bool IsDynamic => Weights.Any(weight => weight.Dynamic is not null);

    /// <summary>The plan after a number of optimizer steps: with the levels that schedules have reached.</summary>
    /// <param name="step">Optimizer steps done.</param>
    public SparsityPlan After(int step) => IsDynamic ? this with { Weights = [.. Weights.Select(weight => weight.After(step))] } : this;

    /// <summary>The seed that was drawn for groups which have none; null where all of them have one.</summary>
    public long? DrawnSeed { get; init; }

    /// <summary>The plan with what masks turned out to keep where only weights could tell.</summary>
    /// <param name="kept">The numbers, by the weights' indices.</param>
    public SparsityPlan Found(IReadOnlyDictionary<int, long> kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        return this with { Weights = [.. Weights.Select(weight => kept.TryGetValue(weight.Index, out long count) ? Found(weight, count) : weight)] };
    }

    /// <summary>The number of steps after which masks change next; null where they do not any more.</summary>
    /// <param name="step">Optimizer steps done.</param>
    public int? NextChangeAfter(int step) => Weights.Select(weight => weight.Dynamic?.Updates.NextAfter(Math.Max(step, 0))).Min();

    /// <summary>Decides for each parameter which group it belongs to.</summary>
    /// <param name="parameters">The sparsity section; null plans nothing.</param>
    /// <param name="parametersInOrder">The model's parameters: a weight's index among them is part of its seed.</param>
    /// <param name="drawSeed">Draws the seed of groups that have none, once for all of them; null draws 32 random bits.</param>
    /// <returns>The plan at the start of a run.</returns>
    /// <exception cref="ConfigurationException">A glob matches no name, or a weight cannot be parted as its group says.</exception>
    public static SparsityPlan Create(
        SparsityParameters? parameters, IReadOnlyList<NamedShape> parametersInOrder, Func<long>? drawSeed = null)
    {
        ArgumentNullException.ThrowIfNull(parametersInOrder);
        return parameters is null
            ? Dense
            : new Planner(parameters, drawSeed ?? (() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)))).Plan(parametersInOrder);
    }

    private static WeightSparsity Found(WeightSparsity weight, long count) =>
        weight with { FirstKept = count, Kept = weight.Dynamic is null ? count : weight.Kept };

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
                if (group.Glob is { } glob)
                {
                    throw Refused(group, $"the glob \"{glob}\" matches no parameter; it has to match a whole name");
                }

                warnings.Add(group.Pattern is null
                    ? "sparsity applies by default to weights with more than one dimension but embeddings, norms and the head; this model has none"
                    : $"{group.Location}: the sparsity pattern \"{group.Pattern}\" matches no weight");
            }

            if (parameters.Groups.IsEmpty)
            {
                warnings.Add("sparsity.param_name_patterns is empty, so no weight is made sparse");
            }

            return new SparsityPlan([.. weights], [.. warnings]) { DrawnSeed = drawnSeed };
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
            CheckBalance(parameter, group);
            CheckBlockRows(parameter, group);
            WeightSparsity weight = new(index, parameter.Name, parameter.Shape, group.Sparsity, group.Method, seed, Kept: 0)
            {
                Balance = group.Balance,
                BlockRows = group.BlockRows,
                Dynamic = group.Dynamic,
                MupBaseDensity = group.MupBaseDensity,
            };
            weight = weight.Dynamic is null ? weight with { Kept = MaskSelector.KeptCount(weight) } : weight.After(0);
            weights.Add(weight);
            if (weight.Kept == 0)
            {
                warnings.Add(Invariant($"{parameter.Name}: nothing of its {weight.Total} elements is kept at sparsity {weight.Sparsity}"));
            }
        }

        private static void CheckBalance(NamedShape parameter, SparsityGroup group)
        {
            if (group.Balance is not { } balance)
            {
                return;
            }

            bool isMatrix = parameter.Shape.Length == 2;
            int features = !isMatrix ? 0 : parameter.Shape[balance.OfInputs ? 1 : 0];
            if (!isMatrix || features % balance.Groups != 0)
            {
                throw Refused(group, isMatrix
                    ? $"{balance.Groups} groups do not divide the {features} {(balance.OfInputs ? "inputs" : "outputs")} of {parameter.Name}"
                    : $"{parameter.Name} has no inputs and outputs to balance groups of");
            }
        }

        private static void CheckBlockRows(NamedShape parameter, SparsityGroup group)
        {
            int rows = parameter.Shape.IsEmpty ? 1 : parameter.Shape[0];
            if (group.BlockRows > 1 && rows % group.BlockRows != 0)
            {
                throw Refused(group, Invariant($"block_rows is {group.BlockRows}; valid: a divisor of the {rows} outputs of {parameter.Name}"));
            }
        }

        private static ConfigurationException Refused(SparsityGroup group, string text) => new([new Diagnostic(group.Location, text)]);
    }
}
