namespace SparseEngine.Sparsity;

/// <summary>How the mask is chosen that a weight starts with, or goes on with after some steps.</summary>
internal static class StartingMask
{
    /// <summary>
    /// Flags what is kept where nothing has to be ranked, or blocks of rows are, which happens here; null where <see cref="Ranked"/> elements are.
    /// </summary>
    /// <param name="planned">The weight as the plan has it after those steps.</param>
    /// <param name="step">Optimizer steps that it has behind it.</param>
    /// <param name="elements">Its elements.</param>
    public static bool[]? Marked(WeightSparsity planned, int step, ReadOnlySpan<float> elements)
    {
        if (planned.BlockRows > 1)
        {
            return BlockRows.Mark(planned, elements);
        }

        if (MaskSelector.IsScored(planned.Method))
        {
            return null;
        }

        bool[] keep = new bool[elements.Length];
        if (planned.Dynamic?.IsDenseAfter(step) is true)
        {
            Array.Fill(keep, true);
            return keep;
        }

        if (step == 0 || !StoredMasks.HasSparsePlaces(elements))
        {
            MaskSelector.Mark(planned, elements, keep);
            return keep;
        }

        // A run that goes on has its mask; where that is of another level, the largest stay.
        bool isFirst = planned.Dynamic?.Updates.LastUntil(step) is null or 0;
        return isFirst || StoredMasks.CountFinite(elements) == planned.Kept ? StoredMasks.Finite(elements) : null;
    }

    /// <summary>The same weight with a method that ranks elements.</summary>
    public static WeightSparsity Ranked(WeightSparsity planned) =>
        MaskSelector.IsScored(planned.Method) ? planned : planned with { Method = Configuration.SparsityMethod.TopK };
}
