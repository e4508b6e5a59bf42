using SparseEngine.Configuration;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>Chooses a weight's kept elements exactly as Model Zoo 1.8 does, but for ties: those go to the lowest index.</summary>
internal static class MaskSelector
{
    /// <summary>The number of elements kept: total - round_half_to_even(sparsity x total).</summary>
    public static long KeptCount(long total, double sparsity) => total - (long)Math.Round(sparsity * total, MidpointRounding.ToEven);

    /// <summary>The number of elements that a weight's method keeps at its level.</summary>
    /// <remarks>How many are not zero shows in the weight alone: for <see cref="SparsityMethod.FromZeros"/> this is what its level says.</remarks>
    public static long KeptCount(WeightSparsity settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Method == SparsityMethod.Checkerboard
            ? Checkerboard.Count(settings.Shape, settings.Sparsity)
            : settings.KeptAt(settings.Sparsity);
    }

    /// <summary>Selects the elements with the highest scores; places that are not finite (NaN marks a sparse one) score below all others.</summary>
    /// <param name="settings">How this weight is made sparse.</param>
    /// <param name="weight">Its elements, row-major.</param>
    /// <exception cref="ArgumentException">The number of elements is not the settings' total.</exception>
    public static SparsityMask Select(WeightSparsity settings, ReadOnlySpan<float> weight) => Select(settings, weight, new float[weight.Length]);

    /// <summary>
    /// Selects as <see cref="Select(WeightSparsity, ReadOnlySpan{float})"/> does, with room for the scores from
    /// a caller that uses it again for the next weight.
    /// </summary>
    /// <param name="settings">How this weight is made sparse.</param>
    /// <param name="weight">Its elements, row-major.</param>
    /// <param name="scores">As long as the weight; what it holds is overwritten.</param>
    /// <exception cref="ArgumentException">The number of elements, or of scores, is not the settings' total.</exception>
    public static SparsityMask Select(WeightSparsity settings, ReadOnlySpan<float> weight, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (weight.Length != settings.Total)
        {
            throw new ArgumentException($"{settings.Name} has {settings.Total} elements, not {weight.Length}", nameof(weight));
        }

        if (scores.Length != weight.Length)
        {
            throw new ArgumentException($"{settings.Name} needs {weight.Length} scores, not {scores.Length}", nameof(scores));
        }

        if (settings.BlockRows > 1)
        {
            bool[] inBlocks = BlockRows.Mark(settings, weight);
            return SparsityMask.Of(inBlocks, inBlocks.Count(true), weight);
        }

        bool[] keep = new bool[weight.Length];
        if (IsScored(settings.Method))
        {
            Arguments(settings).Select(settings.Rows, settings.Columns, weight, scores, keep);
        }
        else
        {
            Mark(settings, weight, keep);
        }

        return SparsityMask.Of(keep, keep.Count(true), weight);
    }

    /// <summary>Whether a method ranks elements, so that a device can choose among them.</summary>
    public static bool IsScored(SparsityMethod method) => method is SparsityMethod.Random or SparsityMethod.TopK;

    /// <summary>Flags the elements that a method which ranks nothing keeps.</summary>
    public static void Mark(WeightSparsity settings, ReadOnlySpan<float> weight, Span<bool> keep)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Method == SparsityMethod.Checkerboard)
        {
            Checkerboard.Mark(settings.Shape, settings.Sparsity, keep);
            return;
        }

        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = float.IsFinite(weight[i]) && weight[i] != 0;
        }
    }

    /// <summary>The parts of a weight that are balanced, as a device has them.</summary>
    public static MaskGroups GroupsOf(WeightSparsity settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Balance switch
        {
            null => default,
            { OfInputs: true } balance => MaskGroups.OfColumns(balance.Groups),
            { } balance => MaskGroups.OfRows(balance.Groups),
        };
    }

    /// <summary>The same choice, as a device makes it.</summary>
    public static MaskArguments Arguments(WeightSparsity settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        MaskScore score = settings.Method == SparsityMethod.Random ? MaskScore.Random : MaskScore.Magnitude;
        return new MaskArguments(score, new Pcg64(settings.Seed), checked((int)settings.PartKept), GroupsOf(settings));
    }
}
