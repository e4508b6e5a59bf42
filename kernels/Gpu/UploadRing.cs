using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// Page-locked memory that small uploads pass through, used in a circle: the copy to the accelerator is only queued, and the caller's
/// memory is free at once. The host waits once a lap, for copies that are long done.
/// </summary>
internal sealed class UploadRing(GpuDevice device, Accelerator accelerator) : IDisposable
{
    /// <summary>Bytes of the ring.</summary>
    public const int Capacity = 8 << 20;

    // Larger ones are weights, which go up once: they would only push the small ones out.
    private const int MostBytes = Capacity / 4;
    private const int Alignment = 16;

    private PageLockedArray1D<byte>? memory;
    private int next;

    /// <summary>Queues a copy of <paramref name="source"/> to <paramref name="target"/>.</summary>
    public void Copy<T>(ReadOnlySpan<T> source, ArrayView<T> target)
        where T : unmanaged
    {
        try
        {
            if (MemoryMarshal.AsBytes(source).Length > MostBytes)
            {
                target.CopyFromCPU(device.Stream, source);
                device.Synchronize();
            }
            else
            {
                CopyThrough(MemoryMarshal.AsBytes(source), target.Cast<byte>());
            }
        }
        catch (AcceleratorException error)
        {
            throw device.Failure(error);
        }
    }

    public void Dispose() => memory?.Dispose();

    private void CopyThrough(ReadOnlySpan<byte> source, ArrayView<byte> target)
    {
        memory ??= accelerator.AllocatePageLocked1D<byte>(Capacity);
        if (source.Length > Capacity - next)
        {
            device.Synchronize();
            next = 0;
        }

        // From a buffer that is no longer than the copy: of another, ILGPU's OpenCL would take the whole length.
        Span<byte> free = memory.Span[next..];
        source.CopyTo(free);
        target.CopyFromCPUUnsafeAsync(device.Stream, ref free[0], source.Length);
        next += (source.Length + Alignment - 1) / Alignment * Alignment;
    }
}
