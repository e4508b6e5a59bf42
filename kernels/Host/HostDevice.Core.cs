using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>The host device at one vector width. Each operation is a file of its own beside this one.</summary>
internal sealed unsafe partial class HostDevice<TSimd, TVector> : HostDevice
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    // Rows of a block, on average.
    private const int SmallestBlock = 32;

    private readonly WorkerPool pool;
    private readonly ProductMethod method;

    // All memory of this device that has not been released yet.
    private readonly HashSet<IDisposable> buffers = [];

    public HostDevice(int threads, ProductMethod method)
    {
        pool = new WorkerPool(threads);
        workers = new PoolWorkers(pool);
        this.method = method;
    }

    public override string Description => $"host, {TSimd.Name}, {pool.Workers} thread{(pool.Workers == 1 ? "" : "s")}";

    public override int Cores => pool.Workers;

    internal override WorkerPool Pool => pool;

    public override bool IsAsynchronous => false;

    public override DeviceBuffer<T> Allocate<T>(int length) => new HostBuffer<T>(length, buffers, workers);

    private protected override int ActivationStride(int tokens)
    {
        int padded = DeviceMatrix.Padded(tokens);
        int lines = padded / DeviceMatrix.RowPadding;

        // A long stride with many factors of two would map the same columns of all rows to a few cache sets.
        return lines >= 16 && lines % 2 == 0 ? padded + DeviceMatrix.RowPadding : padded;
    }

    private protected override SparsePattern PrepareCore(CsrPattern csr, RowPartition rows, RowPartition columns) =>
        new HostPattern(workers, csr, Coarse(rows), Coarse(columns), StripTokens);

    // Each block's activations are packed, and its runs of values looked up, for itself: not for a few rows.
    private static RowPartition Coarse(RowPartition partition) =>
        partition.Merged((int)Math.Clamp(((long)SmallestBlock * partition.Blocks) / Math.Max(1, partition.Boundaries[^1]), 1, partition.Blocks));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pool.Dispose();
            foreach (IDisposable buffer in buffers.ToArray())
            {
                buffer.Dispose();
            }
        }
    }

    /// <summary>A buffer for an operation's own use, at least as long as asked for; it grows and stays.</summary>
    private HostBuffer<T> Reserve<T>(ref HostBuffer<T>? buffer, int length)
        where T : unmanaged
    {
        if (buffer is null || buffer.Length < length)
        {
            buffer?.Dispose();
            buffer = new HostBuffer<T>(length, buffers, workers);
        }

        return buffer;
    }

    /// <summary>The address of a buffer of this device.</summary>
    private static T* Pointer<T>(DeviceBuffer<T> buffer, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged =>
        buffer is HostBuffer<T> host ? host.Pointer : throw new ArgumentException("the buffer is not of this device", name);

    /// <summary>The address of a buffer of this device, where there is one.</summary>
    private static T* PointerOrNull<T>(DeviceBuffer<T>? buffer, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged => buffer is null ? null : Pointer(buffer, name);

    /// <summary>The address of element [0, 0] of a matrix.</summary>
    private static float* Pointer(in DeviceMatrix matrix, [CallerArgumentExpression(nameof(matrix))] string name = "") =>
        Pointer(matrix.Buffer, name) + matrix.Offset;

    /// <summary>Where the rows of activations start.</summary>
    private readonly struct ActivationRows(float* data, nint stride)
    {
        /// <summary>The first token of a feature.</summary>
        public float* this[int feature] => data + (feature * stride);

        /// <summary>The rows from one on, from a token on.</summary>
        public ActivationRows From(int feature, int token) => new(this[feature] + token, stride);
    }
}
