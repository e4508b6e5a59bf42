using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

/// <summary>Which elements of one weight are kept.</summary>
/// <param name="Keep">One flag per element, row-major.</param>
/// <param name="Kept">How many are set.</param>
/// <param name="Regrown">The flat indices of kept elements that were not finite before: they start at 0, and so does their optimizer state.</param>
public sealed record SparsityMask(bool[] Keep, int Kept, int[] Regrown);

/// <summary>Chooses a weight's kept elements exactly as Model Zoo 1.8 does, but for ties: those go to the lowest index.</summary>
public static class MaskSelector
{
    /// <summary>The number of elements kept: total - round_half_to_even(sparsity x total).</summary>
    public static long KeptCount(long total, double sparsity) => total - (long)Math.Round(sparsity * total, MidpointRounding.ToEven);

    /// <summary>Selects the elements with the highest scores; places that are not finite (NaN marks a sparse one) score below all others.</summary>
    /// <param name="settings">How this weight is made sparse.</param>
    /// <param name="weight">Its elements, row-major.</param>
    /// <exception cref="ArgumentException">The number of elements is not the settings' total.</exception>
    public static SparsityMask Select(WeightSparsity settings, ReadOnlySpan<float> weight)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (weight.Length != settings.Total)
        {
            throw new ArgumentException($"{settings.Name} has {settings.Total} elements, not {weight.Length}", nameof(weight));
        }

        bool[] keep = TopK.Select(Scores(settings, weight), (int)settings.Kept);
        List<int> regrown = [];
        for (int i = 0; i < keep.Length; i++)
        {
            if (keep[i] && !float.IsFinite(weight[i]))
            {
                regrown.Add(i);
            }
        }

        return new SparsityMask(keep, (int)settings.Kept, [.. regrown]);
    }

    private static float[] Scores(WeightSparsity settings, ReadOnlySpan<float> weight)
    {
        Pcg64 generator = new(settings.Seed);
        float[] scores = new float[weight.Length];
        if (settings.Method == SparsityMethod.Random)
        {
            generator.FillSingle(scores);
            for (int i = 0; i < scores.Length; i++)
            {
                if (!float.IsFinite(weight[i]))
                {
                    scores[i] *= -1;
                }
            }
        }
        else
        {
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = float.IsFinite(weight[i]) ? MathF.Abs(weight[i]) : -generator.NextSingle();
            }
        }

        return scores;
    }
}
