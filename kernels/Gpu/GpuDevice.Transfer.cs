using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>From the places of one pattern to those of another.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override PatternPair PairCore(CsrPattern? from, CsrPattern? to, int rows, int columns) =>
        new GpuPatternPair(this, from, to, rows, columns);

    /// <inheritdoc/>
    private protected override void TransferCore(PatternPair patterns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        ArrayView<float> numbers = View(source);
        ArrayView<float> moved = View(destination);
        if (patterns is not GpuPatternPair pair || pair.Device != this)
        {
            throw new ArgumentException("the patterns were paired by another device", nameof(patterns));
        }

        int elements = patterns.Rows * patterns.Columns;
        int count = patterns.To?.NonZeros ?? elements;
        if (count == 0)
        {
            return;
        }

        if (patterns.From is { NonZeros: 0 })
        {
            Zero(Own(destination), count);
        }
        else if (patterns is { From: null, To: null })
        {
            LaunchLinear(count, new CopyKernel(numbers, count, moved));
        }
        else if (patterns.From is null)
        {
            LaunchLinear(count, new GatherKernel(numbers, pair.After, count, moved, accumulate: 0));
        }
        else if (patterns.To is null)
        {
            Zero(Own(destination), count);
            LaunchLinear(patterns.From.NonZeros, new ScatterKernel(numbers, pair.Before, patterns.From.NonZeros, moved));
        }
        else
        {
            LaunchLinear(count, new MergeKernel(numbers, pair.Before, patterns.From.NonZeros, pair.After, count, moved));
        }

        // What it came from may be given back at once.
        Synchronize();
    }
}

/// <summary>moved = source.</summary>
internal readonly struct CopyKernel(ArrayView<float> source, int count, ArrayView<float> moved) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            moved[i] = source[i];
        }
    }
}

/// <summary>moved[p] = the number at element after[p] among those, one at least, at the elements before; or 0. Both ascend.</summary>
internal readonly struct MergeKernel(
    ArrayView<float> source, ArrayView<int> before, int beforeCount, ArrayView<int> after, int afterCount, ArrayView<float> moved) : IKernel
{
    public void Invoke()
    {
        for (int p = Work.First; p < afterCount; p += Work.Stride)
        {
            // The same number of steps for all, without a branch: if the element is there, it is one of `left` from `first` on.
            int element = after[p];
            int first = 0;
            for (int left = beforeCount; left > 1; left -= left / 2)
            {
                first += before[first + (left / 2) - 1] < element ? left / 2 : 0;
            }

            float number = source[first];
            moved[p] = before[first] == element ? number : 0f;
        }
    }
}
