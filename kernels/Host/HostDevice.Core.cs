using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>The host device at one vector width. Each operation is a file of its own beside this one.</summary>
internal sealed unsafe partial class HostDevice<TSimd, TVector> : HostDevice
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    // Activation rows are padded to whole 64-byte lines, which every vector width divides.
    private const int RowPadding = 16;

    private readonly WorkerPool pool;
    private readonly ProductMethod method;

    // All memory of this device that has not been released yet.
    private readonly HashSet<IDisposable> buffers = [];

    public HostDevice(int threads, ProductMethod method)
    {
        pool = new WorkerPool(threads);
        this.method = method;
    }

    public override string Description => $"host, {TSimd.Name}, {pool.Workers} thread{(pool.Workers == 1 ? "" : "s")}";

    public override int Cores => pool.Workers;

    public override bool IsAsynchronous => false;

    public override DeviceBuffer<T> Allocate<T>(int length) => new HostBuffer<T>(length, buffers);

    public override DeviceMatrix AllocateActivations(int features, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(features);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        int lines = (tokens + RowPadding - 1) / RowPadding;

        // A long stride with many factors of two would map the same columns of all rows to a few cache sets.
        if (lines >= 16 && lines % 2 == 0)
        {
            lines++;
        }

        int stride = lines * RowPadding;
        return new DeviceMatrix(Allocate<float>(checked(features * stride)), 0, features, tokens, stride);
    }

    public override SparsePattern Prepare(CsrPattern csr, RowPartition rows, RowPartition columns) =>
        new HostPattern(csr, rows, columns, StripTokens);

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
            buffer = new HostBuffer<T>(length, buffers);
        }

        return buffer;
    }

    /// <summary>The address of an element range of a buffer of this device.</summary>
    private static T* Pointer<T>(DeviceBuffer<T> buffer, int atLeast, string name)
        where T : unmanaged
    {
        if (buffer is not HostBuffer<T> host)
        {
            throw new ArgumentException("the buffer is not of this device", name);
        }

        if (host.Length < atLeast)
        {
            throw new ArgumentException($"the buffer has {host.Length} elements, {atLeast} are needed", name);
        }

        return host.Pointer;
    }

    /// <summary>The address of element [0, 0] of a matrix whose extent lies within its buffer.</summary>
    private static float* Pointer(in DeviceMatrix matrix, string name)
    {
        long end = matrix.Rows == 0 ? 0 : matrix.Offset + ((long)(matrix.Rows - 1) * matrix.Stride) + matrix.Columns;
        if (matrix.Rows < 0 || matrix.Columns < 0 || matrix.Offset < 0 || matrix.Stride < matrix.Columns || end > matrix.Buffer.Length)
        {
            throw new ArgumentException($"a {matrix.Rows} x {matrix.Columns} matrix with stride {matrix.Stride} at {matrix.Offset} does not fit its buffer of {matrix.Buffer.Length}", name);
        }

        return Pointer(matrix.Buffer, 0, name) + matrix.Offset;
    }

    /// <summary>The address of a matrix of activations with this shape: rows start on 64-byte lines, so whole vectors may be read and written.</summary>
    private static float* Activations(in DeviceMatrix matrix, int features, int tokens, string name)
    {
        if (matrix.Rows != features || matrix.Columns != tokens)
        {
            throw new ArgumentException($"the matrix is {matrix.Rows} x {matrix.Columns}, {features} x {tokens} is needed", name);
        }

        long end = matrix.Rows == 0 ? 0 : matrix.Offset + ((long)(matrix.Rows - 1) * matrix.Stride) + Padded(matrix.Columns);
        if (matrix.Stride % RowPadding != 0 || matrix.Offset % RowPadding != 0 || end > matrix.Buffer.Length)
        {
            throw new ArgumentException("activations need rows padded to 64 bytes, as AllocateActivations makes them", name);
        }

        return Pointer(matrix, name);
    }

    /// <summary>Tokens rounded up to whole 64-byte lines: how far kernels run along a row of activations.</summary>
    private static int Padded(int tokens) => (tokens + RowPadding - 1) / RowPadding * RowPadding;
}
