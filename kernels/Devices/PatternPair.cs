using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <summary>
/// Two patterns of one weight, between which buffer after buffer is transferred: what the device needs to know of them goes there once. It is of one
/// device, and shorter-lived.
/// </summary>
public class PatternPair : IDisposable
{
    /// <summary>Pairs two patterns.</summary>
    internal PatternPair(CsrPattern? from, CsrPattern? to, int rows, int columns)
    {
        From = from;
        To = to;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>The elements that are there before; null for all, row-major.</summary>
    public CsrPattern? From { get; }

    /// <summary>The elements that are there after; null for all.</summary>
    public CsrPattern? To { get; }

    /// <summary>The weight's rows.</summary>
    public int Rows { get; }

    /// <summary>The weight's columns.</summary>
    public int Columns { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the device's memory.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
