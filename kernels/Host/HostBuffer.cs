using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A buffer in the process's own memory, aligned to a cache line.</summary>
/// <remarks>
/// Kernels hold its address, which keeps no object alive, so nothing but <see cref="IDisposable.Dispose"/> frees it: the
/// caller's, or that of the device, whose set of buffers it belongs to.
/// </remarks>
internal sealed unsafe class HostBuffer<T> : DeviceBuffer<T>
    where T : unmanaged
{
    // Clearing takes a sixteenth of what workers count for an element.
    private const int BytesPerElement = 16;

    // Locked while it changes: items of a device's ForEach allocate and dispose side by side.
    private readonly HashSet<IDisposable> owner;
    private readonly IWorkers workers;
    private T* memory;

    public HostBuffer(int length, HashSet<IDisposable> owner, IWorkers workers)
        : base(length)
    {
        this.owner = owner;
        this.workers = workers;
        memory = (T*)PageMemory.Allocate(Bytes);
        if (!PageMemory.IsMapped(Bytes))
        {
            Span.Clear();
        }

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

    public override void Clear()
    {
        byte* start = (byte*)Pointer;
        int parts = workers.PartsFor((long)Bytes / BytesPerElement);
        workers.Run(parts, new ClearParts(start, (long)Bytes, parts));
    }

    protected override void Dispose(bool disposing)
    {
        lock (owner)
        {
            owner.Remove(this);
        }

        PageMemory.Free(memory, Bytes);
        memory = null;
    }

    private readonly struct ClearParts(byte* start, long bytes, int parts) : IParts
    {
        public void Do(int part)
        {
            // Whole lines, but for the last.
            long first = bytes * part / parts & ~63L;
            long end = part == parts - 1 ? bytes : bytes * (part + 1) / parts & ~63L;
            NativeMemory.Clear(start + first, (nuint)(end - first));
        }
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
