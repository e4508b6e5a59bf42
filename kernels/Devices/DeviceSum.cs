namespace SparseEngine.Kernels.Devices;

/// <summary>A sum that operations add to and that stays on its device until it is read, so that nobody waits for it.</summary>
/// <remarks>
/// It carries at least 47 bits: float64, or an unevaluated pair of floats where float64 units are few or missing. It belongs to the device that made
/// it.
/// </remarks>
public abstract class DeviceSum : IDisposable
{
    /// <summary>Sets the sum to zero.</summary>
    public abstract void Clear();

    /// <summary>Sets the sum to a number, to the bits that it carries.</summary>
    public abstract void Set(double value);

    /// <summary>The sum. Waits until all operations before are done.</summary>
    public abstract double Read();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the memory.</summary>
    protected abstract void Dispose(bool disposing);
}
