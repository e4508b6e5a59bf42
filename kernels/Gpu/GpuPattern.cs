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
        Device = device;
        if (RowQuads.Of(csr) is { } quads)
        {
            Quads = new GpuQuads(device, quads);
            return;
        }

        (CsrPattern transposed, int[] positions) = device.Transpose(csr);
        Forward = new GpuFiringOrder(device, csr, valuePositions: null, FiringShape.Scattered);
        Transposed = new GpuFiringOrder(device, transposed, positions, FiringShape.Scattered);
        Samples = new GpuSamples(device, csr);
    }

    /// <inheritdoc/>
    public override int BlockRows => Quads is null ? 1 : RowQuads.Rows;

    /// <summary>The device that prepared the pattern.</summary>
    public GpuDevice Device { get; }

    /// <summary>The orders of rows that share their columns four by four; null where they do not.</summary>
    public GpuQuads? Quads { get; }

    /// <summary>The rows of W: output features. Null where there are <see cref="Quads"/>, as the next two.</summary>
    public GpuFiringOrder? Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public GpuFiringOrder? Transposed { get; }

    /// <summary>Where the weight's gradient is sampled.</summary>
    public GpuSamples? Samples { get; }

    /// <summary>For each non-zero its element in the row-major matrix. Made when it is first asked for.</summary>
    public GpuBuffer<int> Elements => elements ??= Upload<int>(Device, ElementsOf(Csr));

    /// <inheritdoc/>
    public override long Bytes =>
        (Quads?.Bytes ?? 0) + (Forward?.Bytes ?? 0) + (Transposed?.Bytes ?? 0) + (Samples?.Bytes ?? 0)
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
            Quads?.Dispose();
            Forward?.Dispose();
            Transposed?.Dispose();
            Samples?.Dispose();
            elements?.Dispose();
        }
    }
}
