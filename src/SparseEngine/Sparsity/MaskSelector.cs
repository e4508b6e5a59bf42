using SparseEngine.Configuration;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>Chooses a weight's kept elements exactly as Model Zoo 1.8 does, but for ties: those go to the lowest index.</summary>
internal static class MaskSelector
{
    /// <summary>The number of elements kept: total - round_half_to_even(sparsity x total).</summary>
    public static long KeptCount(long total, double sparsity) => total - (long)Math.Round(sparsity * total, MidpointRounding.ToEven);

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

        bool[] keep = new bool[weight.Length];
        Arguments(settings).Select(weight, scores, keep);
        return SparsityMask.Of(keep, (int)settings.Kept, weight);
    }

    /// <summary>The same choice, as a device makes it.</summary>
    public static MaskArguments Arguments(WeightSparsity settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        MaskScore score = settings.Method == SparsityMethod.Random ? MaskScore.Random : MaskScore.Magnitude;
        return new MaskArguments(score, new Pcg64(settings.Seed), checked((int)settings.Kept));
    }
}
