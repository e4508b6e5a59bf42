using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A pair of patterns whose places go into an accelerator's memory when the first transfer asks for them, and stay for the others.</summary>
internal sealed class GpuPatternPair(GpuDevice device, CsrPattern? from, CsrPattern? to, int rows, int columns) : PatternPair(from, to, rows, columns)
{
    private UploadedPlaces? before;
    private UploadedPlaces? after;

    /// <summary>The device that paired them.</summary>
    public GpuDevice Device => device;

    /// <summary>The places of the pattern before, where there is one.</summary>
    public ArrayView<int> Before => (before ??= new UploadedPlaces(device, From!)).View;

    /// <summary>The places of the pattern after, where there is one.</summary>
    public ArrayView<int> After => (after ??= new UploadedPlaces(device, To!)).View;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            before?.Dispose();
            after?.Dispose();
        }

        base.Dispose(disposing);
    }
}
