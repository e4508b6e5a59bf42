using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>The highest of many numbers, by radix; of equal ones the first.</content>
internal sealed partial class GpuDevice
{
    private const int KeyBits = 32;

    private MemoryBuffer1D<uint, Stride1D.Dense>? radixState;

    /// <summary>Flags the <paramref name="kept"/> highest scores.</summary>
    private void KeepHighest(in RankedView scores, int length, int kept, ArrayView<byte> flags)
    {
        int ranges = RangesFor(length);
        ArrayView<uint> state = Reserve(ref radixState, RadixState.Length);
        LaunchLinear(1, new StartRadixKernel(state, kept));
        for (int shift = KeyBits - RadixState.DigitBits; shift >= 0; shift -= RadixState.DigitBits)
        {
            LaunchLinear(length, new HistogramKernel(scores, length, shift, state));
            LaunchLinear(1, new FindDigitKernel(state, shift));
        }

        ArrayView<int> ties = Number(new Tie(scores, state), length);
        LaunchLinear(ranges, new KeepKernel(scores, state, length, ranges, ties, flags));
    }
}

/// <summary>Floats as unsigned integers that order as they do: by value, -0 below 0, or by magnitude.</summary>
internal readonly struct RankedView(ArrayView<float> values, uint mask, uint largest)
{
    public static RankedView ByValue(ArrayView<float> values) => new(values, uint.MaxValue, uint.MaxValue);

    /// <summary>By magnitude; what is not finite counts as the largest finite number.</summary>
    public static RankedView ByMagnitude(ArrayView<float> values) => new(values, FloatBits.Magnitude, FloatBits.LargestFinite);

    public uint Key(int index)
    {
        uint bits = Interop.FloatAsInt(values[index]) & mask;
        bits = bits > largest ? largest : bits;
        return (bits & FloatBits.Sign) != 0 ? ~bits : bits | FloatBits.Sign;
    }
}

/// <summary>
/// Where the search for the smallest kept score stands: the digits found, how many elements of them are still to be kept, and a histogram of the next
/// digit.
/// </summary>
internal static class RadixState
{
    public const int DigitBits = 8;
    public const int Digits = 1 << DigitBits;
    public const int Prefix = 0;
    public const int Remaining = 1;
    public const int Histogram = 2;
    public const int Length = Histogram + Digits;
}

/// <summary>Starts a search.</summary>
internal readonly struct StartRadixKernel(ArrayView<uint> state, int kept) : IKernel
{
    public void Invoke()
    {
        if (Work.First == 0)
        {
            state[RadixState.Prefix] = 0;
            state[RadixState.Remaining] = (uint)kept;
            for (int digit = 0; digit < RadixState.Digits; digit++)
            {
                state[RadixState.Histogram + digit] = 0;
            }
        }
    }
}

/// <summary>
/// Counts the digits of the scores that share the digits found. Counts of whole numbers do not depend on the order of their atomic additions.
/// </summary>
internal readonly struct HistogramKernel(RankedView scores, int length, int shift, ArrayView<uint> state) : IKernel
{
    public void Invoke()
    {
        ArrayView<uint> counts = SharedMemory.Allocate<uint>(RadixState.Digits);
        for (int digit = Group.IdxX; digit < RadixState.Digits; digit += Group.DimX)
        {
            counts[digit] = 0;
        }

        Group.Barrier();
        uint prefix = state[RadixState.Prefix];
        uint found = shift == 32 - RadixState.DigitBits ? 0 : ~0u << (shift + RadixState.DigitBits);
        for (int i = Work.First; i < length; i += Work.Stride)
        {
            uint key = scores.Key(i);
            if ((key & found) == prefix)
            {
                Atomic.Add(ref counts[(int)((key >> shift) & (RadixState.Digits - 1))], 1u);
            }
        }

        Group.Barrier();
        for (int digit = Group.IdxX; digit < RadixState.Digits; digit += Group.DimX)
        {
            Atomic.Add(ref state[RadixState.Histogram + digit], counts[digit]);
        }
    }
}

/// <summary>Finds the digit that holds the last score to be kept, and clears the histogram.</summary>
internal readonly struct FindDigitKernel(ArrayView<uint> state, int shift) : IKernel
{
    public void Invoke()
    {
        if (Work.First == 0)
        {
            uint remaining = state[RadixState.Remaining];
            int digit = RadixState.Digits - 1;
            while (digit > 0 && state[RadixState.Histogram + digit] < remaining)
            {
                remaining -= state[RadixState.Histogram + digit];
                digit--;
            }

            state[RadixState.Prefix] |= (uint)digit << shift;
            state[RadixState.Remaining] = remaining;
            for (int d = 0; d < RadixState.Digits; d++)
            {
                state[RadixState.Histogram + d] = 0;
            }
        }
    }
}

/// <summary>Whether a score is the smallest kept one, of which only the first few stay.</summary>
internal readonly struct Tie(RankedView scores, ArrayView<uint> state) : IFlag
{
    public bool At(int index) => scores.Key(index) == state[RadixState.Prefix];
}

/// <summary>Flags what stays.</summary>
internal readonly struct KeepKernel(
    RankedView scores, ArrayView<uint> state, int length, int ranges, ArrayView<int> tiesBefore, ArrayView<byte> keep) : IKernel
{
    public void Invoke()
    {
        uint cut = state[RadixState.Prefix];
        int remaining = (int)state[RadixState.Remaining];
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int ties = tiesBefore[range];
            int end = Ranges.First(range + 1, ranges, length);
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                uint key = scores.Key(i);
                bool tie = key == cut;
                keep[i] = (byte)(key > cut || (tie && ties < remaining) ? 1 : 0);
                ties += tie ? 1 : 0;
            }
        }
    }
}
