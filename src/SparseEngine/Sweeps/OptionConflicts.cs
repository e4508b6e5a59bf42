using SparseEngine.Configuration;
using SparseEngine.Configuration.Yaml;

namespace SparseEngine.Sweeps;

/// <summary>Options of a sweep that say what others, or its keys, say too.</summary>
internal static class OptionConflicts
{
    private static readonly string[] Budgets = ["time_budget", "budget_steps"];

    /// <summary>Refuses what would leave no effect to one of two that are given.</summary>
    /// <exception cref="ConfigurationException">There is such a pair.</exception>
    public static void Check(SweepRequest request, IReadOnlyCollection<SweepKey> keys, YamlMapping root)
    {
        RunConfigOverrides options = request.Overrides;
        (string Name, bool IsGiven, string[] Replaced)[] lengths =
        [
            ("max_steps", options.MaxSteps is not null, ["max_steps", "num_steps", "num_epochs", .. Budgets]),
            ("time_budget", options.TimeBudget is not null, Budgets),
            ("budget_steps", options.BudgetSteps is not null, Budgets),
        ];
        string[] given = [.. lengths.Where(option => option.IsGiven).Select(option => option.Name)];
        if (given.Length > 1)
        {
            throw new ConfigurationException($"--{given[0]} and --{given[1]} are both given, and each says how long to train; valid: one of them");
        }

        foreach ((string name, _, string[] replaced) in lengths.Where(option => option.IsGiven))
        {
            Refuse(name, replaced.Select(key => RunPaths.Length(root, key)));
        }

        if (request.Seeds is not null)
        {
            Refuse("seeds", [RunPaths.Seed(root)]);
        }

        void Refuse(string option, IEnumerable<YamlPath> replaced)
        {
            if (replaced.FirstOrDefault(path => keys.Any(key => key.Path.Text == path.Text)) is { } both)
            {
                throw new ConfigurationException($"--{option} and --set {both.Text} are both given; valid: one of them");
            }
        }
    }
}
