using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Masks, and the sparse rows they make of a dense weight.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    public override void SelectMask(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ReadOnlySpan<float> elements = new(Pointer(weight, 0, nameof(weight)), weight.Length);
        Span<byte> flags = new(Pointer(keep, weight.Length, nameof(keep)), weight.Length);
        MaskSelection.Select(arguments, elements, new float[weight.Length], MemoryMarshal.Cast<byte, bool>(flags));
    }

    /// <inheritdoc/>
    public override (CsrPattern Pattern, DeviceBuffer<float> Values) Compress(DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        int elements = checked(rows * columns);
        ReadOnlySpan<float> source = new(Pointer(dense, elements, nameof(dense)), elements);
        ReadOnlySpan<byte> flags = new(Pointer(keep, elements, nameof(keep)), elements);
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
