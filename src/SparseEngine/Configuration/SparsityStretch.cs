namespace SparseEngine.Configuration;

/// <summary>Stretches masks that move: when they change, and schedules over the steps.</summary>
internal static class SparsityStretch
{
    /// <summary>The same over the run's new steps.</summary>
    public static DynamicSparsity Of(Stretch stretch, DynamicSparsity dynamic) => dynamic with
    {
        Updates = Of(stretch, dynamic.Updates),
        Level = Of(stretch, dynamic.Level),
        DropFraction = Of(stretch, dynamic.DropFraction),
    };

    private static UpdateSchedule Of(Stretch stretch, UpdateSchedule updates) => updates switch
    {
        PeriodicUpdates periodic => new StretchedUpdates(periodic, stretch),
        ListedUpdates listed => new ListedUpdates([.. listed.Steps.Select(stretch.Length).Distinct()]),
        _ => throw new ArgumentException($"There is no rule for {updates.GetType().Name}.", nameof(updates)),
    };

    /// <summary>Values at step t are those that step t / ratio had: exactly, since these numbers need not be whole.</summary>
    private static HyperparameterSchedule Of(Stretch stretch, HyperparameterSchedule schedule) => schedule switch
    {
        LinearValue linear => linear with { Slope = linear.Slope / stretch.Ratio },
        ExponentialValue exponential => exponential with { Gamma = exponential.Gamma / stretch.Ratio },
        PowerValue power => power with { Beta = Math.Pow(power.Beta, 1 / stretch.Ratio) },
        CosineValue cosine => cosine with { HalfPeriod = cosine.HalfPeriod * stretch.Ratio },

        // One value throughout, or one for each update.
        _ => schedule,
    };
}
