namespace SparseEngine.Kernels.Sparse;

/// <summary>Selection of the largest values by radix: linear time, and ties decided by index alone.</summary>
public static class TopK
{
    private const int DigitBits = 16;
    private const int Digits = 1 << DigitBits;

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
        if (count == 0)
        {
            selected.Clear();
            return;
        }

        // The cut is the count-th largest key: first its high digit, then the low digit among those that share it.
        int[] histogram = new int[Digits];
        foreach (float value in values)
        {
            histogram[Key(value) >> DigitBits]++;
        }

        int remaining = count;
        uint high = (uint)FindDigit(histogram, ref remaining);
        Array.Clear(histogram);
        foreach (float value in values)
        {
            uint key = Key(value);
            if (key >> DigitBits == high)
            {
                histogram[key & (Digits - 1)]++;
            }
        }

        uint cut = (high << DigitBits) | (uint)FindDigit(histogram, ref remaining);
        for (int i = 0; i < values.Length; i++)
        {
            uint key = Key(values[i]);
            selected[i] = key > cut || (key == cut && remaining-- > 0);
        }
    }

    /// <summary>
    /// The digit that holds the <paramref name="remaining"/>-th largest; <paramref name="remaining"/> becomes its rank among equals.
    /// </summary>
    private static int FindDigit(int[] histogram, ref int remaining)
    {
        int digit = Digits - 1;
        for (; histogram[digit] < remaining; digit--)
        {
            remaining -= histogram[digit];
        }

        return digit;
    }

    /// <summary>An unsigned integer that orders as the float does.</summary>
    private static uint Key(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
