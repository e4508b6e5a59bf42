using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Masks: random scores and magnitudes, and the largest of them by radix.</content>
internal sealed partial class GpuDevice
{
    private const int KeyBits = 32;

    private MemoryBuffer1D<float, Stride1D.Dense>? maskScores;
    private MemoryBuffer1D<uint, Stride1D.Dense>? radixState;

    /// <inheritdoc/>
    private protected override void SelectMaskCore(
        in MaskArguments arguments, int rows, int columns, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        int length = rows * columns;
        ArrayView<float> elements = View(weight).SubView(0, length);
        ArrayView<byte> flags = View(keep).SubView(0, length);
        if (length == 0)
        {
            return;
        }

        if (arguments.Groups.Count > 1)
        {
            SelectInGroups(arguments, rows, columns, elements, flags);
            return;
        }

        int ranges = RangesFor(length);
        ArrayView<float> scores = Reserve(ref maskScores, length);
        GpuPcg64 generator = new(arguments.Generator);
        if (arguments.Score == MaskScore.Random)
        {
            LaunchLinear(ranges, new RandomScoresKernel(elements, length, ranges, generator, scores));
        }
        else
        {
            ArrayView<int> nonFinite = Number(new NonFinite(elements), length);
            LaunchLinear(ranges, new MagnitudeScoresKernel(elements, length, ranges, nonFinite, generator, scores));
        }

        ArrayView<uint> state = Reserve(ref radixState, RadixState.Length);
        LaunchLinear(1, new StartRadixKernel(state, arguments.Kept));
        for (int shift = KeyBits - RadixState.DigitBits; shift >= 0; shift -= RadixState.DigitBits)
        {
            LaunchLinear(length, new HistogramKernel(scores, length, shift, state));
            LaunchLinear(1, new FindDigitKernel(state, shift));
        }

        ArrayView<int> ties = Number(new Tie(scores, state), length);
        LaunchLinear(ranges, new KeepKernel(scores, state, length, ranges, ties, flags));
    }
}

/// <summary>score = the element's draw, negative where the element is not finite.</summary>
internal readonly struct RandomScoresKernel(ArrayView<float> weight, int length, int ranges, GpuPcg64 seeded, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int end = Ranges.First(range + 1, ranges, length);
            GpuPcg64 generator = seeded;
            generator.JumpTo(Ranges.First(range, ranges, length));
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                float draw = generator.Next();
                scores[i] = GpuMath.IsFinite(weight[i]) ? draw : -draw;
            }
        }
    }
}

/// <summary>score = the element's magnitude, or minus a draw of its own where the element is not finite.</summary>
internal readonly struct MagnitudeScoresKernel(
    ArrayView<float> weight, int length, int ranges, ArrayView<int> nonFiniteBefore, GpuPcg64 seeded, ArrayView<float> scores) : IKernel
{
    public void Invoke()
    {
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int end = Ranges.First(range + 1, ranges, length);
            GpuPcg64 generator = seeded;
            generator.JumpTo(nonFiniteBefore[range]);
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                float element = weight[i];
                scores[i] = GpuMath.IsFinite(element) ? GpuMath.Magnitude(element) : -generator.Next();
            }
        }
    }
}

/// <summary>Whether an element is NaN or infinite.</summary>
internal readonly struct NonFinite(ArrayView<float> weight) : IFlag
{
    public bool At(int index) => !GpuMath.IsFinite(weight[index]);
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

    /// <summary>An unsigned integer that orders as the score does; -0 is below 0.</summary>
    public static uint Key(float score)
    {
        uint bits = Interop.FloatAsInt(score);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
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
internal readonly struct HistogramKernel(ArrayView<float> scores, int length, int shift, ArrayView<uint> state) : IKernel
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
            uint key = RadixState.Key(scores[i]);
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
internal readonly struct Tie(ArrayView<float> scores, ArrayView<uint> state) : IFlag
{
    public bool At(int index) => RadixState.Key(scores[index]) == state[RadixState.Prefix];
}

/// <summary>Flags what stays.</summary>
internal readonly struct KeepKernel(
    ArrayView<float> scores, ArrayView<uint> state, int length, int ranges, ArrayView<int> tiesBefore, ArrayView<byte> keep) : IKernel
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
                uint key = RadixState.Key(scores[i]);
                bool tie = key == cut;
                keep[i] = (byte)(key > cut || (tie && ties < remaining) ? 1 : 0);
                ties += tie ? 1 : 0;
            }
        }
    }
}
