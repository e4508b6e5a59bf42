using ILGPU;
using ILGPU.Runtime;

namespace SparseEngine.Kernels.Gpu;

/// <content>Numbering of flagged elements: what keeps selection and compression in order without atomics.</content>
internal sealed partial class GpuDevice
{
    // Elements go in this many consecutive ranges, one thread each: masks are made rarely, so simplicity wins over coalesced reads.
    private const int MostScanRanges = 1 << 14;

    private MemoryBuffer1D<int, Stride1D.Dense>? rangeNumbers;

    /// <summary>Numbers the flagged elements: entry r of the result is the number of flags before range r, and the last entry that of all.</summary>
    private ArrayView<int> Number<TFlag>(in TFlag flag, int length)
        where TFlag : struct, IFlag
    {
        int ranges = RangesFor(length);
        ArrayView<int> numbers = Reserve(ref rangeNumbers, MostScanRanges + 1).SubView(0, ranges + 1);
        LaunchLinear(ranges, new CountKernel<TFlag>(flag, length, ranges, numbers));
        LaunchGroups(1, new ScanKernel(numbers, ranges));
        return numbers;
    }

    private static int RangesFor(int length) => Math.Clamp(length, 1, MostScanRanges);
}

/// <summary>A property of an element.</summary>
internal interface IFlag
{
    bool At(int index);
}

/// <summary>Consecutive ranges of about equal length.</summary>
internal static class Ranges
{
    public static int First(int range, int ranges, int length) => (int)((long)length * range / ranges);
}

/// <summary>counts[r] = flagged elements of range r.</summary>
internal readonly struct CountKernel<TFlag>(TFlag flag, int length, int ranges, ArrayView<int> counts) : IKernel
    where TFlag : struct, IFlag
{
    public void Invoke()
    {
        for (int range = Work.First; range < ranges; range += Work.Stride)
        {
            int count = 0;
            int end = Ranges.First(range + 1, ranges, length);
            for (int i = Ranges.First(range, ranges, length); i < end; i++)
            {
                count += flag.At(i) ? 1 : 0;
            }

            counts[range] = count;
        }
    }
}

/// <summary>An exclusive scan in place, with the total behind it; one group.</summary>
internal readonly struct ScanKernel(ArrayView<int> counts, int length) : IKernel
{
    public void Invoke()
    {
        ArrayView<int> sums = SharedMemory.Allocate<int>(GroupShapes.MostThreads + 1);
        int thread = Group.IdxX;
        int first = Ranges.First(thread, Group.DimX, length);
        int end = Ranges.First(thread + 1, Group.DimX, length);
        int sum = 0;
        for (int i = first; i < end; i++)
        {
            sum += counts[i];
        }

        sums[thread + 1] = sum;
        Group.Barrier();
        if (thread == 0)
        {
            sums[0] = 0;
            for (int i = 1; i <= Group.DimX; i++)
            {
                sums[i] += sums[i - 1];
            }

            counts[length] = sums[Group.DimX];
        }

        Group.Barrier();
        int running = sums[thread];
        for (int i = first; i < end; i++)
        {
            // In this order, so that the store needs the load: ILGPU moves a load that only the next round needs behind the block's stores.
            int count = counts[i];
            running += count;
            counts[i] = running - count;
        }
    }
}
