using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>A buffer in the process's own memory, aligned to a cache line.</summary>
/// <remarks>
/// Kernels hold its address, which keeps no object alive, so nothing but <see cref="IDisposable.Dispose"/> frees it: the
/// caller's, or that of the device, whose set of buffers it belongs to.
/// </remarks>
internal sealed unsafe class HostBuffer<T> : DeviceBuffer<T>
    where T : unmanaged
{
    // Locked while it changes: items of a device's ForEach allocate and dispose side by side.
    private readonly HashSet<IDisposable> owner;
    private T* memory;

    public HostBuffer(int length, HashSet<IDisposable> owner)
        : base(length)
    {
        this.owner = owner;
        memory = (T*)PageMemory.Allocate(Bytes);
        Clear();
        lock (owner)
        {
            owner.Add(this);
        }
    }

    public T* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory is null, this);
            return memory;
        }
    }

    private nuint Bytes => (nuint)Math.Max(Length, 1) * (nuint)sizeof(T);

    public Span<T> Span => new(Pointer, Length);

    public override void CopyFrom(ReadOnlySpan<T> source, int offset = 0) => source.CopyTo(Range(offset, source.Length));

    public override void CopyTo(Span<T> destination, int offset = 0) => Range(offset, destination.Length).CopyTo(destination);

    public override void Clear() => Span.Clear();

    protected override void Dispose(bool disposing)
    {
        lock (owner)
        {
            owner.Remove(this);
        }

        PageMemory.Free(memory, Bytes);
        memory = null;
    }

    private Span<T> Range(int offset, int length)
    {
        if (offset < 0 || length > Length - offset)
        {
            throw new ArgumentException($"elements {offset} to {(long)offset + length} do not lie within the buffer's {Length}");
        }

        return Span.Slice(offset, length);
    }
}
