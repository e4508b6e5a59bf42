using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>What of a section of dynamic sparsity a message is about.</summary>
internal enum DynamicSetting
{
    Level,
    DropFraction,
}

/// <summary>A setting that does not go with the run.</summary>
/// <param name="Setting">Which.</param>
/// <param name="Text">What is wrong and what would be valid, in words that follow its key.</param>
internal readonly record struct BrokenSchedule(DynamicSetting Setting, string Text);

/// <summary>What schedules of dynamic sparsity must keep to over a whole run.</summary>
internal static class DynamicSparsityRules
{
    // Schedules of runs whose end is not known are followed so far.
    private const int MostUpdates = 100_000;

    // Rounding of a cosine at its ends is no mistake of the user's.
    private const double Tolerance = 1e-9;

    /// <summary>What is doubtful about when masks change; null for nothing. The choice of the first masks, at step 0, is no change.</summary>
    /// <param name="dynamic">How masks change.</param>
    /// <param name="lastStep">The last step of the run; null where only its data would tell.</param>
    public static string? NeverWithin(DynamicSparsity dynamic, int? lastStep)
    {
        int? first = dynamic.Updates.NextAfter(0);
        return first is null ? "never changes a mask"
            : first > lastStep ? Invariant($"never changes a mask: its first update is after step {first}, and the run ends with step {lastStep}")
            : null;
    }

    /// <summary>What is wrong with the values of a group's schedules: of each the first thing.</summary>
    /// <param name="dynamic">How masks change.</param>
    /// <param name="lastStep">The last step of the run; null where only its data would tell.</param>
    public static IEnumerable<BrokenSchedule> Broken(DynamicSparsity dynamic, int? lastStep)
    {
        if (FirstOutside(dynamic, dynamic.Level, lastStep, from: 0) is { } level)
        {
            yield return new BrokenSchedule(DynamicSetting.Level, level);
        }

        if (dynamic.Algorithm != SparsityAlgorithm.Gmp && FirstOutside(dynamic, dynamic.DropFraction, lastStep, from: 1) is { } dropped)
        {
            yield return new BrokenSchedule(DynamicSetting.DropFraction, dropped);
        }
    }

    private static string? FirstOutside(DynamicSparsity dynamic, HyperparameterSchedule schedule, int? lastStep, int from)
    {
        int count = 0;
        foreach (int step in dynamic.Updates.Until(lastStep ?? int.MaxValue).Take(MostUpdates))
        {
            double value = schedule.At(step, count++);
            if (step >= from && !(value >= -Tolerance && value <= 1 + Tolerance))
            {
                return Invariant($"is {value:G6} at the update after step {step}; valid: from 0 to 1 at every update");
            }
        }

        return null;
    }
}
