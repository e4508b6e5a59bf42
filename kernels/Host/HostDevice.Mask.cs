using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Masks, and the sparse rows they make of a dense weight.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void SelectMaskCore(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        ReadOnlySpan<float> elements = new(Pointer(weight), weight.Length);
        Span<byte> flags = new(Pointer(keep), weight.Length);
        arguments.Select(elements, new float[weight.Length], MemoryMarshal.Cast<byte, bool>(flags));
    }

    /// <inheritdoc/>
    private protected override (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        int elements = rows * columns;
        ReadOnlySpan<float> source = new(Pointer(dense), elements);
        ReadOnlySpan<byte> flags = new(Pointer(keep), elements);
        CsrPattern pattern = CsrPattern.FromMask(rows, columns, MemoryMarshal.Cast<byte, bool>(flags));
        HostBuffer<float> values = new(pattern.NonZeros, buffers);
        pattern.Gather(source, values.Span);
        foreach (ref float value in values.Span)
        {
            value = float.IsFinite(value) ? value : 0;
        }

        return (pattern, values);
    }
}
