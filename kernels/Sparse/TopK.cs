using System.Buffers;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Selection of the largest values by radix: linear time, and ties decided by index alone.</summary>
public static class TopK
{
    /// <summary>
    /// Flags the <paramref name="count"/> largest of <paramref name="values"/>; of equal values the lowest indices win. -0 is below 0.
    /// </summary>
    /// <remarks>A place that was NaN scores minus its draw; with a draw of 0 that is -0, which must not win over a magnitude of 0.</remarks>
    /// <param name="values">Finite values.</param>
    /// <param name="count">0 to the number of values.</param>
    public static bool[] Select(ReadOnlySpan<float> values, int count)
    {
        bool[] selected = new bool[values.Length];
        Select(values, count, selected);
        return selected;
    }

    /// <summary>The same into <paramref name="selected"/>, which is as long as the values.</summary>
    public static void Select(ReadOnlySpan<float> values, int count, Span<bool> selected)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, values.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(selected.Length, values.Length);
        Select<ByValue>(OneWorker.Instance, values, [new Run(0, values.Length)], count, selected);
    }

    /// <summary>The same among the elements of ascending runs, in an order of one's choice. What lies elsewhere is not touched.</summary>
    /// <param name="workers">Who selects.</param>
    /// <param name="values">The values.</param>
    /// <param name="runs">Where those lie that are selected from.</param>
    /// <param name="count">0 to the number of elements in the runs.</param>
    /// <param name="selected">As long as the values.</param>
    internal static void Select<TRanking>(
        IWorkers workers, ReadOnlySpan<float> values, ReadOnlySpan<Run> runs, int count, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        int length = Run.LengthOf(runs);
        if (count == 0 || count == length)
        {
            foreach (Run run in runs)
            {
                selected.Slice(run.Start, run.Length).Fill(count != 0);
            }

            return;
        }

        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int[] ties = new int[workers.PartsFor(length)];
        uint cut = FindCut<TRanking>(workers, bits, runs, count, ties);
        workers.Run(ties.Length, new KeyFlags<TRanking>(bits, runs, cut, ties, selected));
    }

    /// <summary>
    /// The smallest key that is selected, and how many with this very key are, at most, in each part. Found digit by digit, each among the keys that
    /// share the digits before, until all of them are selected.
    /// </summary>
    private static uint FindCut<TRanking>(IWorkers workers, ReadOnlySpan<uint> bits, ReadOnlySpan<Run> runs, int count, Span<int> ties)
        where TRanking : struct, IRanking
    {
        int[] counts = ArrayPool<int>.Shared.Rent(ties.Length * RadixDigit.Values);
        Span<int> sums = stackalloc int[RadixDigit.Values];
        int remaining = count;
        RadixDigit digit = RadixDigit.Highest;
        while (true)
        {
            workers.Run(ties.Length, new DigitCounts<TRanking>(bits, runs, digit, ties.Length, counts));
            Add(counts, ties.Length, sums);
            int found = FindDigit(sums, ref remaining);
            digit = digit.Followed(by: found);
            if (remaining == sums[found] || digit.IsLast)
            {
                ShareOut(remaining, counts.AsSpan(found), ties);
                ArrayPool<int>.Shared.Return(counts);
                return digit.LowestKey;
            }
        }
    }

    private static void Add(ReadOnlySpan<int> counts, int parts, Span<int> sums)
    {
        counts[..RadixDigit.Values].CopyTo(sums);
        Span<Vector256<int>> vectors = MemoryMarshal.Cast<int, Vector256<int>>(sums);
        for (int part = 1; part < parts; part++)
        {
            ReadOnlySpan<Vector256<int>> others = MemoryMarshal.Cast<int, Vector256<int>>(counts.Slice(part * RadixDigit.Values, RadixDigit.Values));
            for (int i = 0; i < vectors.Length; i++)
            {
                vectors[i] += others[i];
            }
        }
    }

    /// <summary>
    /// The digit that holds the <paramref name="remaining"/>-th largest; <paramref name="remaining"/> becomes its rank among equals.
    /// </summary>
    private static int FindDigit(ReadOnlySpan<int> counts, ref int remaining)
    {
        int digit = counts.Length - 1;
        for (; counts[digit] < remaining; digit--)
        {
            remaining -= counts[digit];
        }

        return digit;
    }

    /// <summary>Of equal elements those of the first parts are selected.</summary>
    private static void ShareOut(int count, ReadOnlySpan<int> counts, Span<int> ties)
    {
        for (int part = 0; part < ties.Length; part++)
        {
            ties[part] = Math.Min(count, counts[part * RadixDigit.Values]);
            count -= ties[part];
        }
    }
}
