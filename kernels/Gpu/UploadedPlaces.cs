using ILGPU;
using ILGPU.Runtime;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>For each non-zero of a pattern its element in the row-major matrix, ascending: in an accelerator's memory for one operation.</summary>
internal sealed class UploadedPlaces : IDisposable
{
    private readonly GpuDevice device;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> memory;

    public UploadedPlaces(GpuDevice device, CsrPattern pattern)
    {
        this.device = device;
        memory = device.AllocateMemory<int>(Math.Max(pattern.NonZeros, 1));
        if (pattern.NonZeros > 0)
        {
            device.Uploads.Copy<int>(GpuPattern.ElementsOf(pattern), memory.View.BaseView);
        }
    }

    public ArrayView<int> View => memory.View.BaseView;

    public void Dispose()
    {
        // Launches that read them may still be under way.
        device.Synchronize();
        device.Release(memory);
    }
}
