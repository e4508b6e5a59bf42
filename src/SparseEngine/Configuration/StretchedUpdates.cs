namespace SparseEngine.Configuration;

/// <summary>Periodic changes of masks, each moved to the nearest step: a rounded period would lose the last of them, or some.</summary>
/// <param name="Written">The changes as they are written.</param>
/// <param name="Stretch">Where they move.</param>
internal sealed record StretchedUpdates(PeriodicUpdates Written, Stretch Stretch) : UpdateSchedule
{
    /// <inheritdoc/>
    public override bool Contains(int step) => LastUntil(step) == step;

    /// <inheritdoc/>
    public override int CountBefore(int step)
    {
        int count = Written.CountBefore(Stretch.FirstAtOrAfter(step));
        if (count < 2)
        {
            return count;
        }

        // Less than a step apart, they fill every step from the first on; else only the first two may be one.
        int first = Stretch.Length(Written.Start);
        int last = LastUntil(step - 1)!.Value;
        bool isDense = (long)Written.Frequency * Stretch.Steps < Stretch.Written;
        return isDense ? last - first + 1 : first == Stretch.Length(Written.Start + Written.Frequency) ? count - 1 : count;
    }

    /// <inheritdoc/>
    public override int? LastUntil(int step) => Moved(Written.LastUntil(Stretch.FirstAtOrAfter((long)step + 1) - 1));

    /// <inheritdoc/>
    public override int? NextAfter(int step) => Moved(Written.NextAfter(Stretch.FirstAtOrAfter((long)step + 1) - 1));

    private int? Moved(int? update) => update is { } step ? Stretch.Length(step) : null;
}
