using ILGPU;
using ILGPU.Runtime;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Working memory of an operation, kept from call to call and grown when a call needs more.</summary>
internal sealed class GpuScratch<T>(GpuDevice device) : IDisposable
    where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? memory;

    /// <summary>At least <paramref name="length"/> elements, which hold anything.</summary>
    public ArrayView<T> AtLeast(long length)
    {
        if (memory is null || memory.Length < length)
        {
            // Launches that use the old memory may still be under way.
            device.Synchronize();
            device.Release(memory);
            memory = null;
            memory = device.AllocateMemory<T>(length);
        }

        return memory.View.BaseView.SubView(0, length);
    }

    public void Dispose() => device.Release(memory);
}
