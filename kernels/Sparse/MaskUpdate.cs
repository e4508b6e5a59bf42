using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>What the elements that become alive at a mask update are chosen by.</summary>
public enum MaskGrowth
{
    /// <summary>The lowest index: gradual magnitude pruning (Zhu and Gupta, 2017), where a level falls.</summary>
    Lowest,

    /// <summary>A random draw: sparse evolutionary training (Mocanu et al., 2018).</summary>
    Random,

    /// <summary>The magnitude of the dense gradient: RigL (Evci et al., 2020).</summary>
    Gradient,
}

/// <summary>How the mask of a weight moves: the elements alive with the largest magnitudes stay, and others become alive beside them.</summary>
/// <remarks>
/// In each group floor(StayingShare times the number alive) elements stay, <paramref name="Kept"/> at most: of those alive the ones with the largest
/// magnitudes. Of all others, those just dropped included, the ones with the highest scores become alive, so that <paramref name="Kept"/> are. Of
/// equal ones the lowest indices win. A magnitude that is not finite counts as the largest finite number.
/// </remarks>
/// <param name="StayingShare">The share of the elements alive that stay, 0 to 1.</param>
/// <param name="Kept">The number of elements alive after the update, of each group.</param>
/// <param name="Growth">What the others are chosen by.</param>
/// <param name="Generator">
/// Where the draws of <see cref="MaskGrowth.Random"/> come from, a float32 for each element of the whole weight: a generator as it was seeded.
/// </param>
/// <param name="Groups">The groups, each of which chooses for itself.</param>
public readonly record struct MaskUpdate(double StayingShare, int Kept, MaskGrowth Growth, Pcg64 Generator, MaskGroups Groups = default)
{
    /// <summary>How many of a group's elements stay.</summary>
    /// <param name="alive">The number alive before.</param>
    public int Staying(int alive) => (int)Math.Min(Math.Floor(StayingShare * alive), Kept);

    /// <summary>Flags the elements that are alive after the update, on the host.</summary>
    /// <param name="pattern">The elements alive before, or null for all.</param>
    /// <param name="rows">The weight's rows.</param>
    /// <param name="columns">The weight's columns.</param>
    /// <param name="values">The values of the elements alive.</param>
    /// <param name="scores">
    /// One for each element of the weight: for <see cref="MaskGrowth.Gradient"/> the dense gradient, row-major. What it holds is overwritten.
    /// </param>
    /// <param name="keep">One for each element of the weight; receives the flags.</param>
    /// <exception cref="ArgumentException">Lengths or groups do not fit the weight, or a share or number is out of range.</exception>
    public void Select(CsrPattern? pattern, int rows, int columns, ReadOnlySpan<float> values, Span<float> scores, Span<bool> keep) =>
        Select(OneWorker.Instance, pattern, rows, columns, values, scores, keep);

    /// <summary>The same by several threads.</summary>
    internal void Select(
        IWorkers workers, CsrPattern? pattern, int rows, int columns, ReadOnlySpan<float> values, Span<float> scores, Span<bool> keep)
    {
        Check(rows, columns);
        int elements = rows * columns;
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, pattern?.NonZeros ?? elements);
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores.Length, elements);
        ArgumentOutOfRangeException.ThrowIfNotEqual(keep.Length, elements);

        // The flags of those that stay lie at the places of their values, which are no more than there are elements.
        Span<bool> staying = keep[..values.Length];
        new GroupSelection(Groups, pattern, rows, columns).Select<ByMagnitude>(workers, values, Staying, staying);
        int kept = Kept;
        int parts = workers.PartsFor(elements);
        workers.Run(parts, new GrowthScores(Growth, Generator, scores, parts));
        workers.Run(parts, new RaisedScores(pattern, staying, scores, parts));
        new GroupSelection(Groups, null, rows, columns).Select<ByValue>(workers, scores, _ => kept, keep);
    }

    /// <summary>Refuses an update that a weight cannot have.</summary>
    internal void Check(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Kept);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Kept, Groups.SizeOf(rows, columns));

        // NaN is less than everything.
        ArgumentOutOfRangeException.ThrowIfLessThan(StayingShare, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(StayingShare, 1);
        if (!Enum.IsDefined(Growth))
        {
            throw new ArgumentException($"there is no growth {Growth}; valid: Lowest, Random, Gradient");
        }
    }
}
