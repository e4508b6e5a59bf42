using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A pattern in an accelerator's memory: the firing orders of W and of its transpose.</summary>
internal sealed class GpuPattern : SparsePattern
{
    public GpuPattern(GpuDevice device, CsrPattern csr, RowPartition rows, RowPartition columns, int tileVectors)
        : base(csr)
    {
        (CsrPattern transposed, int[] positions) = device.Transpose(csr);
        Device = device;
        Forward = new GpuFiringOrder(device, csr, rows, [], tileVectors);
        Transposed = new GpuFiringOrder(device, transposed, columns, positions, tileVectors);
    }

    /// <summary>The device that prepared the pattern.</summary>
    public GpuDevice Device { get; }

    /// <summary>The rows of W: output features.</summary>
    public GpuFiringOrder Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public GpuFiringOrder Transposed { get; }

    /// <inheritdoc/>
    public override long Bytes => Forward.Bytes + Transposed.Bytes;

    /// <summary>A buffer with these contents.</summary>
    public static GpuBuffer<T> Upload<T>(GpuDevice device, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        GpuBuffer<T> buffer = new(device, values.Length);
        buffer.CopyFrom(values);
        return buffer;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forward.Dispose();
            Transposed.Dispose();
        }
    }
}
