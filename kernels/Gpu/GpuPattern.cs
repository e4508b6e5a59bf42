using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A pattern in an accelerator's memory: the firing orders of W and of its transpose, and the order of its samples.</summary>
internal sealed class GpuPattern : SparsePattern
{
    private GpuBuffer<int>? elements;

    public GpuPattern(GpuDevice device, CsrPattern csr)
        : base(csr)
    {
        (CsrPattern transposed, int[] positions) = device.Transpose(csr);
        Device = device;
        Forward = new GpuFiringOrder(device, csr, valuePositions: null);
        Transposed = new GpuFiringOrder(device, transposed, positions);
        Quads = RowQuads.Of(csr);
        QuadSamples = Quads is null ? null : new GpuQuadSamples(device, Quads);
        Samples = Quads is null ? new GpuSamples(device, csr) : null;
    }

    /// <summary>The device that prepared the pattern.</summary>
    public GpuDevice Device { get; }

    /// <summary>The rows of W: output features.</summary>
    public GpuFiringOrder Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public GpuFiringOrder Transposed { get; }

    /// <summary>The pattern where its rows share their columns four by four; null where they do not.</summary>
    public RowQuads? Quads { get; }

    /// <summary>Where the weight's gradient is sampled; null where <see cref="QuadSamples"/> says so.</summary>
    public GpuSamples? Samples { get; }

    /// <summary>Where the weight's gradient is sampled, of a pattern of quads.</summary>
    public GpuQuadSamples? QuadSamples { get; }

    /// <summary>For each non-zero its element in the row-major matrix. Made when it is first asked for.</summary>
    public GpuBuffer<int> Elements => elements ??= Upload<int>(Device, ElementsOf(Csr));

    /// <inheritdoc/>
    public override long Bytes => Forward.Bytes + Transposed.Bytes + (Samples?.Bytes ?? 0) + (QuadSamples?.Bytes ?? 0)
        + (sizeof(int) * (long)(elements?.Length ?? 0));

    /// <summary>A buffer with these contents.</summary>
    public static GpuBuffer<T> Upload<T>(GpuDevice device, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        GpuBuffer<T> buffer = new(device, values.Length);
        buffer.CopyFrom(values);
        return buffer;
    }

    /// <summary>For each non-zero its element in the row-major matrix.</summary>
    public static int[] ElementsOf(CsrPattern csr)
    {
        int[] elements = new int[csr.NonZeros];
        Parallel.For(0, csr.Rows, row =>
        {
            for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p++)
            {
                elements[p] = (row * csr.ColumnCount) + csr.Columns[p];
            }
        });
        return elements;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forward.Dispose();
            Transposed.Dispose();
            Samples?.Dispose();
            QuadSamples?.Dispose();
            elements?.Dispose();
        }
    }
}
