namespace SparseEngine.Kernels.Sparse;

/// <summary>Consecutive elements.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Length">Their number.</param>
internal readonly record struct Run(int Start, int Length)
{
    // Whole vectors, whole draws of a generator, and a cache line of flags.
    private const int Alignment = 64;

    /// <summary>The elements [start, end).</summary>
    public static Run Between(int start, int end) => new(start, end - start);

    /// <summary>One of so many parts of <paramref name="length"/> elements; some may be empty.</summary>
    public static Run Part(int length, int part, int parts) =>
        Between((int)((long)length * part / parts), (int)((long)length * (part + 1) / parts));

    /// <summary>The same where each part but the last ends at a multiple of 64.</summary>
    public static Run AlignedPart(int length, int part, int parts)
    {
        Run exact = Part(length, part, parts);
        int end = exact.Start + exact.Length;
        return Between(Aligned(exact.Start), part == parts - 1 ? end : Aligned(end));
    }

    /// <summary>The elements of all runs.</summary>
    public static int LengthOf(ReadOnlySpan<Run> runs)
    {
        int length = 0;
        foreach (Run run in runs)
        {
            length += run.Length;
        }

        return length;
    }

    /// <summary>One of so many parts of a list of runs; of a list of one, a part of that.</summary>
    /// <param name="runs">The list.</param>
    /// <param name="part">Which part.</param>
    /// <param name="parts">Their number.</param>
    /// <param name="single">Room for the part of a single run.</param>
    public static ReadOnlySpan<Run> Part(ReadOnlySpan<Run> runs, int part, int parts, Span<Run> single)
    {
        if (runs.Length != 1)
        {
            Run some = Part(runs.Length, part, parts);
            return runs.Slice(some.Start, some.Length);
        }

        Run within = AlignedPart(runs[0].Length, part, parts);
        single[0] = within with { Start = runs[0].Start + within.Start };
        return single[..1];
    }

    private static int Aligned(int element) => element / Alignment * Alignment;
}
