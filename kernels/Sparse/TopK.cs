using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Selection of the largest values by radix: linear time, and ties decided by index alone.</summary>
public static class TopK
{
    // Three digits of a key, of 11, 11 and 10 bits: histograms of one stay in the L1 cache.
    private const int KeyBits = 32;
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;

    // Neighbours count in different histograms: an addition to the same number as the one before has to wait for it.
    private const int Histograms = 4;

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
    /// The smallest key that is selected; <paramref name="remaining"/> becomes how many with this very key are, at most. Found digit by digit, each
    /// among the keys that share the digits before, until all of them are selected.
    /// </summary>
    private static uint FindCut<TRanking>(ReadOnlySpan<uint> bits, ReadOnlySpan<Run> runs, ref int remaining)
        where TRanking : struct, IRanking
    {
        Span<int> histograms = stackalloc int[Digits * Histograms];
        histograms.Clear();
        foreach (Run run in runs)
        {
            CountHighDigits<TRanking>(bits.Slice(run.Start, run.Length), histograms);
        }

        uint prefix = FindDigit(histograms, ref remaining, out bool all);
        int found = KeyBits - DigitBits;
        while (!all && found > 0)
        {
            int shift = Math.Max(0, found - DigitBits);
            histograms.Clear();
            foreach (Run run in runs)
            {
                CountDigits<TRanking>(bits.Slice(run.Start, run.Length), prefix, found, shift, histograms);
            }

            prefix = (prefix << (found - shift)) | FindDigit(histograms, ref remaining, out all);
            found = shift;
        }

        return prefix << found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountHighDigits<TRanking>(ReadOnlySpan<uint> bits, Span<int> histograms)
        where TRanking : struct, IRanking
    {
        Span<int> first = histograms[..Digits];
        Span<int> second = histograms.Slice(Digits, Digits);
        Span<int> third = histograms.Slice(2 * Digits, Digits);
        Span<int> fourth = histograms.Slice(3 * Digits, Digits);
        int i = 0;
        for (; i + 3 < bits.Length; i += 4)
        {
            first[(int)(TRanking.Key(bits[i]) >> (KeyBits - DigitBits))]++;
            second[(int)(TRanking.Key(bits[i + 1]) >> (KeyBits - DigitBits))]++;
            third[(int)(TRanking.Key(bits[i + 2]) >> (KeyBits - DigitBits))]++;
            fourth[(int)(TRanking.Key(bits[i + 3]) >> (KeyBits - DigitBits))]++;
        }

        for (; i < bits.Length; i++)
        {
            first[(int)(TRanking.Key(bits[i]) >> (KeyBits - DigitBits))]++;
        }
    }

    /// <summary>Counts the digits above <paramref name="shift"/> of the keys whose digits above <paramref name="found"/> are the prefix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountDigits<TRanking>(ReadOnlySpan<uint> bits, uint prefix, int found, int shift, Span<int> histograms)
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
                int lane = BitOperations.TrailingZeroCount(hits);
                uint key = TRanking.Key(bits[(i * Vector256<uint>.Count) + lane]);
                histograms[(lane % Histograms * Digits) + (int)((key >> shift) & digitMask)]++;
            }
        }

        foreach (uint element in bits[(vectors.Length * Vector256<uint>.Count)..])
        {
            uint key = TRanking.Key(element);
            if (key >> found == prefix)
            {
                histograms[(int)((key >> shift) & digitMask)]++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Flag<TRanking>(ReadOnlySpan<uint> bits, uint cut, ref int remaining, Span<bool> selected)
        where TRanking : struct, IRanking
    {
        int left = remaining;
        int i = 0;
        for (; i + Vector256<uint>.Count <= selected.Length; i += Vector256<uint>.Count)
        {
            Vector256<uint> keys = TRanking.Key(Vector256.Create(bits.Slice(i, Vector256<uint>.Count)));
            uint flags = Vector256.GreaterThan(keys, Vector256.Create(cut)).ExtractMostSignificantBits();
            uint ties = Vector256.Equals(keys, Vector256.Create(cut)).ExtractMostSignificantBits();
            if (ties != 0)
            {
                flags |= Lowest(ties, ref left);
            }

            // A byte for each of the eight bits: seven by shifts by seven that never meet, the last by itself.
            ulong bytes = (((flags & 0x7F) * 0x02040810204081UL) & 0x0101010101010101UL) | ((ulong)(flags >> 7) << 56);
            BinaryPrimitives.WriteUInt64LittleEndian(MemoryMarshal.AsBytes(selected.Slice(i, sizeof(ulong))), bytes);
        }

        for (; i < selected.Length; i++)
        {
            uint key = TRanking.Key(bits[i]);
            selected[i] = key > cut || (key == cut && Lowest(1, ref left) != 0);
        }

        remaining = left;
    }

    /// <summary>The lowest bits, <paramref name="left"/> at most, which becomes how many more there may be.</summary>
    private static uint Lowest(uint bits, ref int left)
    {
        int surplus = BitOperations.PopCount(bits) - left;
        left = Math.Max(0, -surplus);
        for (; surplus > 0; surplus--)
        {
            bits ^= 0x8000_0000 >> BitOperations.LeadingZeroCount(bits);
        }

        return bits;
    }

    /// <summary>
    /// The digit that holds the <paramref name="remaining"/>-th largest; <paramref name="remaining"/> becomes its rank among equals, and
    /// <paramref name="all"/> whether it is the last of them.
    /// </summary>
    private static uint FindDigit(ReadOnlySpan<int> histograms, ref int remaining, out bool all)
    {
        int digit = Digits - 1;
        int count = Count(histograms, digit);
        while (count < remaining)
        {
            remaining -= count;
            digit--;
            count = Count(histograms, digit);
        }

        all = count == remaining;
        return (uint)digit;
    }

    private static int Count(ReadOnlySpan<int> histograms, int digit) =>
        histograms[digit] + histograms[Digits + digit] + histograms[(2 * Digits) + digit] + histograms[(3 * Digits) + digit];
}
