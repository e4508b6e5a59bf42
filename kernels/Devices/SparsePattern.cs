using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <summary>
/// A <see cref="CsrPattern"/> as one device wants it: both orientations, tiled and partitioned, which serve until the weight gets another pattern.
/// </summary>
public abstract class SparsePattern : IDisposable
{
    /// <summary>Creates the common part.</summary>
    protected SparsePattern(CsrPattern csr)
    {
        ArgumentNullException.ThrowIfNull(csr);
        Csr = csr;
    }

    /// <summary>The pattern itself.</summary>
    public CsrPattern Csr { get; }

    /// <summary>The rows that share their columns where the device makes use of it; else 1.</summary>
    public virtual int BlockRows => 1;

    /// <summary>Bytes that the device keeps for the pattern beyond <see cref="Csr"/>: tiles, the transpose, its permutation.</summary>
    public abstract long Bytes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the device's memory.</summary>
    protected abstract void Dispose(bool disposing);
}
