using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Dataflow;

/// <summary>Shares each sparse weight's work out to a device's cores.</summary>
/// <remarks>
/// A non-zero is one multiply-add per token, so equal non-zeros are equal work. The forward product and the weight's
/// gradient go by rows, the input's gradient by columns; each core gets one consecutive block of either, so that every
/// output element is summed by one core in a fixed order.
/// </remarks>
internal sealed class DataflowScheduler
{
    private readonly ComputeDevice device;

    /// <summary>Creates a scheduler for <paramref name="device"/>.</summary>
    public DataflowScheduler(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        this.device = device;
    }

    /// <summary>Partitions <paramref name="pattern"/> for the device's cores and prepares it there.</summary>
    public SparsePattern Schedule(CsrPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return device.Prepare(pattern, PartitionRows(pattern, device.Cores), PartitionColumns(pattern, device.Cores));
    }

    /// <summary>Splits the rows (output features) into <paramref name="cores"/> blocks of about equal non-zeros.</summary>
    public static RowPartition PartitionRows(CsrPattern pattern, int cores)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return DataflowSchedule.Create(pattern, cores).WholeRows;
    }

    /// <summary>Splits the columns (input features), the rows of the transposed product, the same way.</summary>
    public static RowPartition PartitionColumns(CsrPattern pattern, int cores)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return RowPartition.EqualNonZeros(pattern.ColumnPointers(), cores);
    }
}
