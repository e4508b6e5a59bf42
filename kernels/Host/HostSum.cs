using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>A sum in float64.</summary>
internal sealed class HostSum : DeviceSum
{
    public double Value { get; set; }

    public override void Clear() => Value = 0;

    public override void Set(double value) => Value = value;

    public override double Read() => Value;

    protected override void Dispose(bool disposing)
    {
        // A number needs no release.
    }
}
