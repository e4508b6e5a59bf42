using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace SparseEngine.Kernels.Gpu;

/// <content>Memory of the host that the accelerator reads and writes by itself.</content>
internal sealed partial class GpuDevice
{
    private readonly List<float[]> lockedArrays = [];

    /// <inheritdoc/>
    public override IDisposable LockPages(float[] array)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Length == 0)
        {
            return base.LockPages(array);
        }

        PageLockScope<float> pages;
        try
        {
            pages = accelerator.CreatePageLockFromPinned<float>(Marshal.UnsafeAddrOfPinnedArrayElement(array, 0), array.Length);
        }
        catch (AcceleratorException)
        {
            // There is a limit to what a process may lock; copies are right without it.
            return base.LockPages(array);
        }

        lockedArrays.Add(array);
        return new LockedPages(this, array, pages);
    }

    /// <summary>Copies elements to the accelerator. From locked pages, or through some, the copy is only queued.</summary>
    public void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> target)
        where T : unmanaged
    {
        if (!IsLocked(source))
        {
            Uploads.Copy(source, target);
            return;
        }

        try
        {
            target.CopyFromCPUUnsafeAsync(Stream, ref MemoryMarshal.GetReference(source), source.Length);
        }
        catch (AcceleratorException error)
        {
            throw Failure(error);
        }
    }

    /// <summary>Copies elements to the host, which waits for them. To locked pages the copy is only queued.</summary>
    public void Download<T>(ArrayView<T> source, Span<T> destination)
        where T : unmanaged
    {
        try
        {
            if (IsLocked<T>(destination))
            {
                source.CopyToCPUUnsafeAsync(Stream, ref MemoryMarshal.GetReference(destination), destination.Length);
                return;
            }

            synchronizations++;
            source.CopyToCPU(Stream, destination);
        }
        catch (AcceleratorException error)
        {
            throw Failure(error);
        }
    }

    private bool IsLocked<T>(ReadOnlySpan<T> memory)
        where T : unmanaged
    {
        if (typeof(T) != typeof(float))
        {
            return false;
        }

        ReadOnlySpan<float> floats = MemoryMarshal.Cast<T, float>(memory);
        foreach (float[] array in lockedArrays)
        {
            if (floats.Overlaps(array))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class LockedPages(GpuDevice device, float[] array, PageLockScope<float> pages) : IDisposable
    {
        public void Dispose()
        {
            if (!device.lockedArrays.Remove(array))
            {
                return;
            }

            if (!device.failed)
            {
                // Copies from it may be under way.
                device.Synchronize();
            }

            device.Release(pages);
        }
    }
}
