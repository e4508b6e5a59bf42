using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Masks that move.</content>
internal sealed partial class GpuDevice
{
    /// <inheritdoc/>
    private protected override void UpdateMaskCore(
        in MaskUpdate update, CsrPattern? pattern, int rows, int columns, DeviceBuffer<float> values, DeviceBuffer<float> scores,
        DeviceBuffer<byte> keep)
    {
        int length = rows * columns;
        if (length > 0)
        {
            UpdateInGroups(
                update, pattern, rows, columns, View(values).SubView(0, pattern?.NonZeros ?? length), View(scores).SubView(0, length),
                View(keep).SubView(0, length));
        }
    }

    /// <inheritdoc/>
    private protected override void TransferCore(
        CsrPattern? from, CsrPattern? to, int rows, int columns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        CsrPattern all = CsrPattern.FromMask(rows, columns, [.. Enumerable.Repeat(true, rows * columns)]);
        from ??= all;
        to ??= all;
        float[] numbers = new float[from.NonZeros];
        float[] moved = new float[to.NonZeros];
        source.CopyTo(numbers);
        from.Transfer(to, numbers, moved);
        destination.CopyFrom(moved);
    }
}
