using System.Globalization;
using Microsoft.Extensions.Logging;
using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

/// <summary>Reports a plan in the Model Zoo's words.</summary>
public static class SparsityLog
{
    /// <summary>DEBUG: a line for each weight. INFO: a line for each group's settings. WARNING: what is doubtful.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="parameters">The sparsity section; null reports nothing.</param>
    /// <param name="plan">The plan made from it.</param>
    public static void Report(ILogger logger, SparsityParameters? parameters, SparsityPlan plan)
    {
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(plan);
        if (parameters is null)
        {
            return;
        }

        foreach (WeightSparsity weight in plan.Weights)
        {
            logger.LogDebug("Sparsity for \"{Name}\" + {States}: {Settings}", weight.Name, StatesOf(weight), Settings(weight, weight.Seed));
        }

        foreach (IGrouping<string, WeightSparsity> group in plan.Weights.GroupBy(weight => Settings(weight, weight.BaseSeed)))
        {
            logger.LogInformation("Will apply sparsity to {Count} weights with {Settings}", group.Count(), group.Key);
        }

        foreach (string warning in plan.Warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        if (plan.Weights.IsEmpty)
        {
            logger.LogWarning("No sparsity applied.");
        }
    }

    /// <summary>DEBUG: a line for each weight whose mask was made and put on it and its optimizer states.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="plan">The plan that was followed.</param>
    public static void ReportApplied(ILogger logger, SparsityPlan plan)
    {
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(plan);
        foreach (WeightSparsity weight in plan.Weights)
        {
            logger.LogDebug("Applied sparsity {Settings} to ['{Name}', {States}", Settings(weight, weight.Seed), weight.Name, StatesOf(weight)[1..]);
        }
    }

    private static string StatesOf(WeightSparsity weight) =>
        $"['optimizer.state.{weight.Name}.exp_avg', 'optimizer.state.{weight.Name}.exp_avg_sq']";

    private static string Settings(WeightSparsity weight, long seed)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string level = weight.Sparsity == 0 ? "0.0" : weight.Sparsity.ToString(culture);
        string settings = string.Create(culture, $"'sparsity': {level}, 'init_method': '{NameOf(weight.Method)}', 'seed': {seed}");
        if (weight.BlockRows > 1)
        {
            settings += string.Create(culture, $", 'block_rows': {weight.BlockRows}");
        }

        return weight.Dynamic is { } dynamic
            ? $"{{'algorithm': '{NameOf(dynamic.Algorithm)}', {settings}, 'update': {InWords(dynamic.Updates)}}}"
            : $"{{{settings}}}";
    }

    /// <summary>The word for a method in a run's YAML.</summary>
    public static string NameOf(SparsityMethod method) => method == SparsityMethod.FromZeros ? "from_zeros" : method.ToString().ToLowerInvariant();

    /// <summary>The word for an algorithm in a run's YAML.</summary>
    public static string NameOf(SparsityAlgorithm algorithm) => algorithm.ToString().ToLowerInvariant();

    private static string InWords(UpdateSchedule updates) => updates switch
    {
        PeriodicUpdates periodic => string.Create(
            CultureInfo.InvariantCulture,
            $"{{'freq': {periodic.Frequency}, 'start': {periodic.Start}, 'stop': {(periodic.Stop is { } stop ? stop : "None")}}}"),
        StretchedUpdates stretched => string.Create(
            CultureInfo.InvariantCulture, $"{InWords(stretched.Written)} x {stretched.Stretch.Steps}/{stretched.Stretch.Written}"),
        ListedUpdates listed => $"{{'steps': [{string.Join(", ", listed.Steps)}]}}",
        _ => throw new ArgumentException($"there are no words for {updates.GetType().Name}", nameof(updates)),
    };
}
