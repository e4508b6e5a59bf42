using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <content>Masks, and the sparse rows that they make of a dense weight.</content>
public abstract partial class ComputeDevice
{
    /// <summary>Chooses which elements of a weight stay, as <see cref="MaskArguments.Select"/> does on the host.</summary>
    /// <param name="arguments">How they are chosen.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="keep">Receives 1 for an element that stays, else 0.</param>
    public void SelectMask(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep)
    {
        ArgumentNullException.ThrowIfNull(weight);
        RequireLength(keep, weight.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(arguments.Kept, nameof(arguments));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(arguments.Kept, weight.Length, nameof(arguments));
        long start = Begin();
        SelectMaskCore(arguments, weight, keep);
        Done()?.Add("select mask", OperationKind.Setup, start, 0, (weight.Length, 0, 0));
    }

    /// <summary>Compresses the kept elements of a dense row-major matrix to sparse rows.</summary>
    /// <param name="dense">The matrix [rows, columns]. A kept element that is not finite becomes 0.</param>
    /// <param name="keep">1 for an element that is kept, else 0.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <returns>The pattern of the kept elements, and their values on the device.</returns>
    public (CsrPattern Pattern, DeviceBuffer<float> Values) Compress(DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        RequireLength(dense, (long)rows * columns);
        RequireLength(keep, (long)rows * columns);
        return CompressCore(dense, keep, rows, columns);
    }

    private protected abstract void SelectMaskCore(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep);

    private protected abstract (CsrPattern Pattern, DeviceBuffer<float> Values) CompressCore(
        DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns);
}
