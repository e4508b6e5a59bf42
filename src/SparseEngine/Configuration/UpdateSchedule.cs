using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>After which optimizer steps masks change. Step 0 is the start of the run: where it counts, weights start sparse.</summary>
public abstract record UpdateSchedule
{
    /// <summary>Whether masks change after a number of optimizer steps.</summary>
    public abstract bool Contains(int step);

    /// <summary>The number of updates after fewer steps than these.</summary>
    public abstract int CountBefore(int step);

    /// <summary>The last update after these steps or fewer; null where there is none.</summary>
    public abstract int? LastUntil(int step);

    /// <summary>The first update after more steps than these; null where there is none.</summary>
    public abstract int? NextAfter(int step);

    /// <summary>All updates from the beginning of a run to its last step, in order.</summary>
    public IEnumerable<int> Until(int lastStep)
    {
        for (int? step = NextAfter(-1); step <= lastStep; step = NextAfter(step.Value))
        {
            yield return step.Value;
        }
    }
}

/// <summary>Every so many steps: at t with start &lt;= t &lt; stop and (t - start) divisible by the frequency.</summary>
/// <param name="Frequency">Steps from one update to the next; 1 or more.</param>
/// <param name="Start">The first update.</param>
/// <param name="Stop">The step from which on there are none; null for no end.</param>
public sealed record PeriodicUpdates(int Frequency, int Start = 0, int? Stop = null) : UpdateSchedule
{
    private int End => Stop ?? int.MaxValue;

    /// <inheritdoc/>
    public override bool Contains(int step) => step >= Start && step < End && (step - Start) % Frequency == 0;

    /// <inheritdoc/>
    public override int CountBefore(int step)
    {
        int end = Math.Min(step, End);
        return end <= Start ? 0 : ((end - Start - 1) / Frequency) + 1;
    }

    /// <inheritdoc/>
    public override int? LastUntil(int step)
    {
        int last = Math.Min(step, End - 1);
        return last < Start ? null : last - ((last - Start) % Frequency);
    }

    /// <inheritdoc/>
    public override int? NextAfter(int step)
    {
        long next = step < Start ? Start : Start + (((((long)step - Start) / Frequency) + 1) * Frequency);
        return next < End ? (int)next : null;
    }
}

/// <summary>After listed steps.</summary>
/// <param name="Steps">The steps, ascending.</param>
public sealed record ListedUpdates(ImmutableArray<int> Steps) : UpdateSchedule
{
    /// <inheritdoc/>
    public override bool Contains(int step) => Steps.Contains(step);

    /// <inheritdoc/>
    public override int CountBefore(int step) => Steps.Count(update => update < step);

    /// <inheritdoc/>
    public override int? LastUntil(int step) => Steps.Where(update => update <= step).Select(update => (int?)update).LastOrDefault();

    /// <inheritdoc/>
    public override int? NextAfter(int step) => Steps.Where(update => update > step).Select(update => (int?)update).FirstOrDefault();

    /// <inheritdoc/>
    public bool Equals(ListedUpdates? other) => other is not null && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => Steps.Aggregate(0, HashCode.Combine);
}
