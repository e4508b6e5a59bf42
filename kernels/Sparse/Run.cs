namespace SparseEngine.Kernels.Sparse;

/// <summary>Consecutive elements.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Length">Their number.</param>
internal readonly record struct Run(int Start, int Length)
{
    /// <summary>The elements [start, end).</summary>
    public static Run Between(int start, int end) => new(start, end - start);

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
}
