using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Sparse;

/// <summary>What the elements of a weight are ranked by where some of them are to go.</summary>
public enum MaskScore
{
    /// <summary>A random draw.</summary>
    Random,

    /// <summary>The magnitude.</summary>
    Magnitude,
}

/// <summary>
/// How the kept elements of one weight are chosen: those with the highest scores stay, of equal scores those with the lowest indices.
/// </summary>
/// <remarks>
/// A random score is the element's float32 draw, as numpy's default_rng makes them in row-major order; a magnitude is |w|. Elements that are
/// not finite score below all others: minus their draw, which for magnitudes is drawn for these elements alone. -0 is below 0.
/// </remarks>
/// <param name="Score">What they are ranked by.</param>
/// <param name="Generator">Where draws come from: a generator as it was seeded.</param>
/// <param name="Kept">The number of elements that stay, of each group.</param>
/// <param name="Groups">The groups, each of which chooses for itself. Draws are made over the whole weight.</param>
public readonly record struct MaskArguments(MaskScore Score, Pcg64 Generator, int Kept, MaskGroups Groups = default)
{
    /// <summary>Flags the kept elements of a weight that is one group, on the host.</summary>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="scores">As long as the weight; what it holds is overwritten.</param>
    /// <param name="keep">As long as the weight; receives the flags.</param>
    /// <exception cref="ArgumentException">The lengths differ, there are groups, or more elements are to stay than there are.</exception>
    public void Select(ReadOnlySpan<float> weight, Span<float> scores, Span<bool> keep)
    {
        RequireOneGroup();
        Select(1, weight.Length, weight, scores, keep);
    }

    /// <summary>Flags the kept elements, on the host.</summary>
    /// <param name="rows">The weight's rows.</param>
    /// <param name="columns">The weight's columns.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="scores">As long as the weight; what it holds is overwritten.</param>
    /// <param name="keep">As long as the weight; receives the flags.</param>
    /// <exception cref="ArgumentException">
    /// The lengths differ, the groups do not divide the weight, or more elements are to stay than there are.
    /// </exception>
    public void Select(int rows, int columns, ReadOnlySpan<float> weight, Span<float> scores, Span<bool> keep) =>
        Select(OneWorker.Instance, rows, columns, weight, scores, keep);

    /// <summary>The same by several threads.</summary>
    internal void Select(IWorkers workers, int rows, int columns, ReadOnlySpan<float> weight, Span<float> scores, Span<bool> keep)
    {
        Check(rows, columns);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Length, (long)rows * columns);
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores.Length, weight.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(keep.Length, weight.Length);
        int parts = workers.PartsFor(weight.Length);
        int[] firstDraws = new int[parts];
        if (Score == MaskScore.Magnitude)
        {
            // What is not finite has a draw of its own: how many do the parts before have?
            workers.Run(parts - 1, new NonFiniteCounts(weight, firstDraws));
            for (int part = 1; part < parts; part++)
            {
                firstDraws[part] += firstDraws[part - 1];
            }
        }

        workers.Run(parts, new ElementScores(Score, Generator, firstDraws, weight, scores));
        int kept = Kept;
        new GroupSelection(Groups, null, rows, columns).Select<ByValue>(workers, scores, _ => kept, keep);
    }

    /// <summary>Refuses groups where the weight's shape is not known.</summary>
    internal void RequireOneGroup()
    {
        if (Groups.Count != 1)
        {
            throw new ArgumentException($"{Groups.Count} groups need the weight's rows and columns");
        }
    }

    /// <summary>Refuses a choice that a weight does not offer.</summary>
    internal void Check(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Kept);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Kept, Groups.SizeOf(rows, columns));
    }
}
