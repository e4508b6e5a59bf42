using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Selection of the largest values by radix: linear time, and ties decided by index alone.</summary>
public static class TopK
{
    // Three digits of a key, of 11, 11 and 10 bits: a histogram of one stays in the L1 cache.
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;
    private const int HighShift = 21;
    private const int MiddleShift = 10;

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
        Select<ByValue>(values, [new Run(0, values.Length)], count, selected);
    }

    /// <summary>The same among the elements of ascending runs, in an order of one's choice. What lies elsewhere is not touched.</summary>
    /// <param name="values">The values.</param>
    /// <param name="runs">Where those lie that are selected from.</param>
    /// <param name="count">0 to the number of elements in the runs.</param>
    /// <param name="selected">As long as the values.</param>
    internal static void Select<TRanking>(ReadOnlySpan<float> values, ReadOnlySpan<Run> runs, int count, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        if (count == 0 || count == Run.LengthOf(runs))
        {
            foreach (Run run in runs)
            {
                selected.Slice(run.Start, run.Length).Fill(count != 0);
            }

            return;
        }

        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int remaining = count;
        uint cut = FindCut<TRanking>(bits, runs, ref remaining);
        foreach (Run run in runs)
        {
            Flag<TRanking>(bits.Slice(run.Start, run.Length), cut, ref remaining, selected.Slice(run.Start, run.Length));
        }
    }

    /// <summary>
    /// The <paramref name="remaining"/>-th largest key; <paramref name="remaining"/> becomes its rank among equals. Found digit by digit, each among the
    /// keys that share the digits before.
    /// </summary>
    private static uint FindCut<TRanking>(ReadOnlySpan<uint> bits, ReadOnlySpan<Run> runs, ref int remaining)
        where TRanking : struct, IRanking
    {
        Span<int> histogram = stackalloc int[Digits];
        histogram.Clear();
        foreach (Run run in runs)
        {
            CountHighDigits<TRanking>(bits.Slice(run.Start, run.Length), histogram);
        }

        uint high = FindDigit(histogram, ref remaining);
        histogram.Clear();
        foreach (Run run in runs)
        {
            CountDigits<TRanking>(bits.Slice(run.Start, run.Length), high, HighShift, MiddleShift, histogram);
        }

        uint middle = (high << DigitBits) | FindDigit(histogram, ref remaining);
        histogram.Clear();
        foreach (Run run in runs)
        {
            CountDigits<TRanking>(bits.Slice(run.Start, run.Length), middle, MiddleShift, 0, histogram);
        }

        return (middle << MiddleShift) | FindDigit(histogram[..(1 << MiddleShift)], ref remaining);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountHighDigits<TRanking>(ReadOnlySpan<uint> bits, Span<int> histogram)
        where TRanking : struct, IRanking
    {
        foreach (uint element in bits)
        {
            histogram[(int)(TRanking.Key(element) >> HighShift)]++;
        }
    }

    /// <summary>Counts the digits above <paramref name="shift"/> of the keys whose digits above <paramref name="found"/> are the prefix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountDigits<TRanking>(ReadOnlySpan<uint> bits, uint prefix, int found, int shift, Span<int> histogram)
        where TRanking : struct, IRanking
    {
        uint digitMask = (1u << (found - shift)) - 1;
        ReadOnlySpan<Vector256<uint>> vectors = MemoryMarshal.Cast<uint, Vector256<uint>>(bits);
        for (int i = 0; i < vectors.Length; i++)
        {
            // Few share the prefix.
            uint hits = Vector256.Equals(TRanking.Key(vectors[i]) >> found, Vector256.Create(prefix)).ExtractMostSignificantBits();
            for (; hits != 0; hits &= hits - 1)
            {
                uint key = TRanking.Key(bits[(i * Vector256<uint>.Count) + BitOperations.TrailingZeroCount(hits)]);
                histogram[(int)((key >> shift) & digitMask)]++;
            }
        }

        foreach (uint element in bits[(vectors.Length * Vector256<uint>.Count)..])
        {
            uint key = TRanking.Key(element);
            if (key >> found == prefix)
            {
                histogram[(int)((key >> shift) & digitMask)]++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Flag<TRanking>(ReadOnlySpan<uint> bits, uint cut, ref int remaining, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        int left = remaining;
        for (int i = 0; i < selected.Length; i++)
        {
            uint key = TRanking.Key(bits[i]);
            bool tie = key == cut;
            selected[i] = key > cut | (tie & left > 0);
            left -= tie ? 1 : 0;
        }

        remaining = left;
    }

    /// <summary>
    /// The digit that holds the <paramref name="remaining"/>-th largest; <paramref name="remaining"/> becomes its rank among equals.
    /// </summary>
    private static uint FindDigit(ReadOnlySpan<int> histogram, ref int remaining)
    {
        int digit = histogram.Length - 1;
        for (; histogram[digit] < remaining; digit--)
        {
            remaining -= histogram[digit];
        }

        return (uint)digit;
    }
}
