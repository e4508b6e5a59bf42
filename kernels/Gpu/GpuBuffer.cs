using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A buffer in an accelerator's memory, padded to whole lines so that all of it may be viewed as vectors.</summary>
internal sealed class GpuBuffer<T> : DeviceBuffer<T>
    where T : unmanaged
{
    private const int LineBytes = 64;
    private readonly GpuDevice device;
    private MemoryBuffer1D<T, Stride1D.Dense>? memory;

    public GpuBuffer(GpuDevice device, int length)
        : base(length)
    {
        this.device = device;
        int line = LineBytes / Interop.SizeOf<T>();
        memory = device.AllocateMemory<T>((Math.Max(length, 1) + (long)line - 1) / line * line);
        Clear();
    }

    public GpuDevice Device => device;

    /// <summary>The elements and the padding after them.</summary>
    public ArrayView<T> Padded
    {
        get
        {
            ObjectDisposedException.ThrowIf(memory is null, this);
            return memory.View.BaseView;
        }
    }

    /// <summary>The elements.</summary>
    public ArrayView<T> View => Padded.SubView(0, Length);

    /// <summary>
    /// What integers were last written from <see cref="CopyFrom"/>. No kernel writes integers, so token ids are checked and
    /// sorted here, without waiting for the accelerator.
    /// </summary>
    public T[] HostCopy => hostCopy ??= new T[Length];

    private T[]? hostCopy;

    public override void CopyFrom(ReadOnlySpan<T> source, int offset = 0)
    {
        ArrayView<T> range = Range(offset, source.Length);
        if (typeof(T) == typeof(int))
        {
            source.CopyTo(HostCopy.AsSpan(offset));
        }

        if (source.Length > 0)
        {
            device.Upload(source, range);
        }
    }

    public override void CopyTo(Span<T> destination, int offset = 0)
    {
        ArrayView<T> range = Range(offset, destination.Length);
        if (destination.Length > 0)
        {
            device.Download(range, destination);
        }
    }

    public override void Clear()
    {
        device.Zero(this, Padded.Length);
        hostCopy?.AsSpan().Clear();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            device.Release(memory);
            memory = null;
        }
    }

    private ArrayView<T> Range(int offset, int length)
    {
        ArrayView<T> view = View;
        if (offset < 0 || length > Length - offset)
        {
            throw new ArgumentException($"elements {offset} to {(long)offset + length} do not lie within the buffer's {Length}");
        }

        return view.SubView(offset, length);
    }
}
