using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Masks, and the sparse rows they make of a dense weight.</content>
/// <remarks>
/// Each touches nothing but its operands: several weights' masks are made side by side, or one by all threads (<see cref="ForEach"/>).
/// </remarks>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void SelectMaskCore(
        in MaskArguments arguments, int rows, int columns, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        int elements = rows * columns;
        using HostBuffer<float> scores = new(elements, buffers, workers);
        arguments.Select(workers, rows, columns, new ReadOnlySpan<float>(Pointer(weight), elements), scores.Span, Flags(keep, elements));
    }

    /// <inheritdoc/>
    private protected override void UpdateMaskCore(
        in MaskUpdate update, CsrPattern? pattern, int rows, int columns, DeviceBuffer<float> values, DeviceBuffer<float> scores,
        DeviceBuffer<byte> keep)
    {
        int elements = rows * columns;
        ReadOnlySpan<float> alive = new(Pointer(values), pattern?.NonZeros ?? elements);
        update.Select(workers, pattern, rows, columns, alive, new Span<float>(Pointer(scores), elements), Flags(keep, elements));
    }

    /// <inheritdoc/>
    private protected override CsrPattern CompressCore(DeviceBuffer<byte> keep, int rows, int columns) =>
        CsrPattern.FromMask(workers, rows, columns, Flags(keep, rows * columns));

    /// <inheritdoc/>
    private protected override (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        CsrPattern pattern = CompressCore(keep, rows, columns);
        HostBuffer<float> values = new(pattern.NonZeros, buffers, workers);
        CsrPattern.Transfer(workers, from: null, pattern, new ReadOnlySpan<float>(Pointer(dense), rows * columns), values.Span);
        foreach (ref float value in values.Span)
        {
            value = float.IsFinite(value) ? value : 0;
        }

        return (pattern, values);
    }

    /// <inheritdoc/>
    private protected override void TransferCore(PatternPair patterns, DeviceBuffer<float> source, DeviceBuffer<float> destination)
    {
        int elements = patterns.Rows * patterns.Columns;
        ReadOnlySpan<float> numbers = new(Pointer(source), patterns.From?.NonZeros ?? elements);
        Span<float> moved = new(Pointer(destination), patterns.To?.NonZeros ?? elements);
        CsrPattern.Transfer(workers, patterns.From, patterns.To, numbers, moved);
    }

    private static Span<bool> Flags(DeviceBuffer<byte> keep, int elements) => MemoryMarshal.Cast<byte, bool>(new Span<byte>(Pointer(keep), elements));
}
