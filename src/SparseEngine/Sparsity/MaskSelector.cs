using SparseEngine.Configuration;

namespace SparseEngine.Sparsity;

/// <summary>Which elements of one weight are kept.</summary>
/// <param name="Keep">One flag per element, row-major.</param>
/// <param name="Kept">How many are set.</param>
/// <param name="Regrown">The flat indices of kept elements that were not finite before: they start at 0, and so does their optimizer state.</param>
public sealed record SparsityMask(bool[] Keep, int Kept, int[] Regrown)
{
    /// <summary>Marks the sparse places of the weight, or of an optimizer state of its shape, with NaN, and sets the regrown ones to 0.</summary>
    /// <param name="dense">Its elements, row-major.</param>
    /// <exception cref="ArgumentException">It has another number of elements.</exception>
    public void Apply(Span<float> dense)
    {
        if (dense.Length != Keep.Length)
        {
            throw new ArgumentException($"{Keep.Length} elements are masked, not {dense.Length}", nameof(dense));
        }

        for (int i = 0; i < dense.Length; i++)
        {
            if (!Keep[i])
            {
                dense[i] = float.NaN;
            }
        }

        foreach (int i in Regrown)
        {
            dense[i] = 0;
        }
    }
}

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
        return new SparsityMask(keep, (int)settings.Kept, Regrown(keep, weight));
    }

    private static int[] Regrown(bool[] keep, ReadOnlySpan<float> weight)
    {
        int count = 0;
        for (int i = 0; i < keep.Length; i++)
        {
            count += keep[i] && !float.IsFinite(weight[i]) ? 1 : 0;
        }

        // Counted first: a list that grows to the many of a large weight would take several times their memory.
        int[] regrown = new int[count];
        int next = 0;
        for (int i = 0; next < count; i++)
        {
            if (keep[i] && !float.IsFinite(weight[i]))
            {
                regrown[next++] = i;
            }
        }

        return regrown;
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
