using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Dataflow;

/// <summary>Shares each sparse weight's work out to a device's cores.</summary>
internal sealed class DataflowScheduler
{
    private readonly ComputeDevice device;

    /// <summary>Creates a scheduler for <paramref name="device"/>.</summary>
    public DataflowScheduler(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        this.device = device;
    }

    /// <summary>Schedules <paramref name="pattern"/> for the device's cores and prepares it there.</summary>
    public SparsePattern Schedule(CsrPattern pattern)
    {
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, device.Cores);
        return device.Prepare(pattern, schedule.Rows, schedule.Columns);
    }
}
