using System.Collections;

namespace SparseEngine.Sparsity;

/// <summary>Which elements of one weight are kept.</summary>
internal sealed class SparsityMask
{
    // A bit for each element: regrown places can be most of a large weight, and their indices several times its memory.
    private readonly BitArray regrown;

    private SparsityMask(bool[] keep, int kept, BitArray regrown, int regrownCount)
    {
        Keep = keep;
        Kept = kept;
        this.regrown = regrown;
        RegrownCount = regrownCount;
    }

    /// <summary>One flag per element, row-major.</summary>
    public bool[] Keep { get; }

    /// <summary>How many are set.</summary>
    public int Kept { get; }

    /// <summary>The flat indices of kept elements that were not finite before: they start at 0, and so does their optimizer state.</summary>
    public IEnumerable<int> Regrown => Enumerable.Range(0, regrown.Length).Where(regrown.Get);

    /// <summary>How many those are.</summary>
    public int RegrownCount { get; }

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
            dense[i] = !Keep[i] ? float.NaN : regrown[i] ? 0 : dense[i];
        }
    }

    /// <summary>The mask of kept elements, some of which the weight may not have yet.</summary>
    internal static SparsityMask Of(bool[] keep, int kept, ReadOnlySpan<float> weight)
    {
        BitArray regrown = new(keep.Length);
        int count = 0;
        for (int i = 0; i < keep.Length; i++)
        {
            if (keep[i] && !float.IsFinite(weight[i]))
            {
                regrown[i] = true;
                count++;
            }
        }

        return new SparsityMask(keep, kept, regrown, count);
    }
}
