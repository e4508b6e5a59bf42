namespace SparseEngine.Kernels.Devices;

/// <summary>A fixed-length run of <typeparamref name="T"/> in a device's memory. It starts out as zeros.</summary>
/// <typeparam name="T">The element type: <see cref="float"/> for tensors, <see cref="int"/> for token ids.</typeparam>
/// <remarks>
/// A buffer belongs to the device that allocated it and is passed only to that device's operations. It lives until it or the device is disposed.
/// </remarks>
public abstract class DeviceBuffer<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Creates the common part of a buffer of <paramref name="length"/> elements.</summary>
    /// <param name="length">The number of elements, 0 or more.</param>
    protected DeviceBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
    }

    /// <summary>The number of elements.</summary>
    public int Length { get; }

    /// <summary>Copies <paramref name="source"/> to the elements from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentException">The range does not lie within the buffer.</exception>
    public abstract void CopyFrom(ReadOnlySpan<T> source, int offset = 0);

    /// <summary>Fills <paramref name="destination"/> with the elements from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentException">The range does not lie within the buffer.</exception>
    public abstract void CopyTo(Span<T> destination, int offset = 0);

    /// <summary>Sets every element to zero.</summary>
    public abstract void Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the memory.</summary>
    protected abstract void Dispose(bool disposing);
}
