using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>From the places of one pattern to those of another.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void TransferCore(
        CsrPattern? from, CsrPattern? to, int rows, int columns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        ArrayView<float> numbers = View(source);
        ArrayView<float> moved = View(destination);
        int elements = rows * columns;
        int count = to?.NonZeros ?? elements;
        if (count == 0)
        {
            return;
        }

        if (from is { NonZeros: 0 })
        {
            Zero(Own(destination), count);
            return;
        }

        using UploadedPlaces? before = from is null ? null : new UploadedPlaces(this, from);
        using UploadedPlaces? after = to is null ? null : new UploadedPlaces(this, to);
        if (before is null && after is null)
        {
            LaunchLinear(count, new CopyKernel(numbers, count, moved));
        }
        else if (before is null)
        {
            LaunchLinear(count, new GatherKernel(numbers, after!.View, count, moved, accumulate: 0));
        }
        else if (after is null)
        {
            Zero(Own(destination), count);
            LaunchLinear(from!.NonZeros, new ScatterKernel(numbers, before.View, from.NonZeros, moved));
        }
        else
        {
            LaunchLinear(count, new MergeKernel(numbers, before.View, from!.NonZeros, after.View, count, moved));
        }
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
