using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>An accelerator: memory and launches. Each operation is a file of its own beside this one.</summary>
internal sealed partial class GpuDevice : IlgpuDevice
{
    /// <summary>What the CPU accelerator is called.</summary>
    public const string CpuDescription = "ILGPU CPU accelerator";

    private readonly Context context;
    private readonly Accelerator accelerator;
    private readonly KernelLauncher kernels;
    private readonly AcceleratorKind kind;
    private readonly GroupShapes shapes;
    private readonly ProductOptions options;
    private readonly CuBlasProducts? cuBlas;
    private int allocations;
    private int synchronizations;
    private bool failed;

    public GpuDevice(
        Context context, AcceleratorKind kind, Device device, Func<Accelerator, GroupShapes> shapesFor, ProductOptions options,
        IKernelExecutor? executor = null)
    {
        this.context = context;
        this.kind = kind;
        this.options = options;
        accelerator = Open(context, device);
        kernels = new KernelLauncher(this, accelerator, executor);
        shapes = shapesFor(accelerator);
        ChunkColumns = options.UseLargeTiles ? shapes.ChunkColumns : InputTile.StaticColumns;
        Uploads = new UploadRing(this, accelerator);
        cuBlas = options.UseCuBlas && accelerator is CudaAccelerator cuda ? CuBlasProducts.Find(cuda, options.Matmul) : null;
    }

    /// <summary>The CPU accelerator's stand-in for a GPU: a multiprocessor for each core.</summary>
    public static CPUDevice CpuAccelerator { get; } =
        new(numThreadsPerWarp: 2, numWarpsPerMultiprocessor: 1, numMultiprocessors: Environment.ProcessorCount);

    /// <summary>A CPU accelerator that works in a GPU's shapes: several teams a warp, several warps a group, several groups. Very slow.</summary>
    public static GpuDevice CreateSmallGpu()
    {
        CPUDevice device = new(numThreadsPerWarp: 16, numWarpsPerMultiprocessor: 2, numMultiprocessors: 2);
        Context context = Context.Create(builder => KernelLauncher.Optimized(builder.CPU(device)));
        return new GpuDevice(context, AcceleratorKind.Cpu, device, GroupShapes.Gpu, new ProductOptions());
    }

    /// <inheritdoc/>
    public override string Description => kind switch
    {
        AcceleratorKind.Cpu => CpuDescription,
        AcceleratorKind.OpenCl => $"{accelerator.Name}, OpenCL",
        _ when cuBlas is null => $"{accelerator.Name}, CUDA without cuBLAS",
        _ => $"{accelerator.Name}, CUDA with cuBLAS" + (options.Matmul == MatmulPrecision.High ? " in TF32" : ""),
    };

    /// <inheritdoc/>
    public override int Cores => accelerator.NumMultiprocessors;

    /// <inheritdoc/>
    public override bool IsAsynchronous => true;

    /// <summary>Whether dense products are cuBLAS's.</summary>
    public bool HasCuBlas => cuBlas is not null;

    /// <summary>Columns of a sparse weight whose input lies in a group's shared memory at a time.</summary>
    public int ChunkColumns { get; }

    /// <summary>Whether tiles of sparse products lie in dynamic shared memory, of which there is more than 48 KiB.</summary>
    public bool HasLargeTiles => ChunkColumns > InputTile.StaticColumns;

    /// <summary>The stream that everything runs on, in order.</summary>
    public AcceleratorStream Stream => accelerator.DefaultStream;

    /// <summary>What small uploads pass through.</summary>
    public UploadRing Uploads { get; }

    /// <inheritdoc/>
    public override int Allocations => allocations;

    /// <inheritdoc/>
    public override int Synchronizations => synchronizations;

    /// <inheritdoc/>
    public override DeviceBuffer<T> Allocate<T>(int length) => new GpuBuffer<T>(this, length);

    /// <summary>Allocates memory, which holds anything.</summary>
    /// <exception cref="DeviceMemoryException">There is not enough.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> AllocateMemory<T>(long length)
        where T : unmanaged
    {
        allocations++;
        try
        {
            return accelerator.Allocate1D<T>(length);
        }
        catch (Exception error) when (error is AcceleratorException or OutOfMemoryException)
        {
            long? available = accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : null;
            long total = kind == AcceleratorKind.Cpu ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : accelerator.MemorySize;
            throw new DeviceMemoryException(Description, length * Interop.SizeOf<T>(), available, total, error);
        }
    }

    /// <inheritdoc/>
    public override void Wait() => Synchronize();

    /// <summary>Waits until all that was asked for is done.</summary>
    public void Synchronize()
    {
        synchronizations++;
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException error)
        {
            throw Failure(error);
        }
    }

    /// <inheritdoc/>
    public override TimeSpan Measure(Action operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        Synchronize();
        using ProfilingMarker start = Stream.AddProfilingMarker();
        operations();
        using ProfilingMarker end = Stream.AddProfilingMarker();
        end.Synchronize();
        return end.MeasureFrom(start);
    }

    /// <summary>Queues setting a buffer to zero up to an element.</summary>
    /// <remarks>From its first on: to an offset, which is in bytes by then, ILGPU's OpenCL applies the size of an element once more.</remarks>
    public void Zero<T>(GpuBuffer<T> buffer, long count)
        where T : unmanaged
    {
        try
        {
            buffer.Padded.SubView(0, count).MemSetToZero(Stream);
        }
        catch (AcceleratorException error)
        {
            throw Failure(error);
        }
    }

    /// <summary>Disposes a part of the device.</summary>
    public void Release(IDisposable? part)
    {
        try
        {
            part?.Dispose();
        }
        catch (AcceleratorException) when (failed)
        {
            // The error that the caller is told of made this one; the driver takes everything back when the process ends.
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Release(cuBlas);
            Release(Uploads);
            Release(accelerator);
            Release(context);
        }
    }

    /// <summary>Launches an elementwise kernel for <paramref name="count"/> items; its threads stride over them.</summary>
    private void LaunchLinear<TKernel>(int count, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (count > 0)
        {
            kernels.Launch(new Index3D(Math.Min(DivideUp(count, shapes.Threads), shapes.MaxGroups), 1, 1), new Index3D(shapes.Threads, 1, 1), kernel);
        }
    }

    /// <summary>Launches one group, all its threads in a line, for each of <paramref name="groups"/> items.</summary>
    private void LaunchGroups<TKernel>(int groups, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (groups > 0)
        {
            kernels.Launch(new Index3D(groups, 1, 1), new Index3D(shapes.Threads, 1, 1), kernel);
        }
    }

    /// <summary>Launches groups of <paramref name="lanes"/> threads along tokens and the others along rows.</summary>
    private void LaunchTiles<TKernel>(int columns, int rows, int lanes, in TKernel kernel)
        where TKernel : struct, IKernel
    {
        if (columns > 0 && rows > 0)
        {
            kernels.Launch(new Index3D(columns, rows, 1), new Index3D(lanes, shapes.Threads / lanes, 1), kernel);
        }
    }

    /// <summary>Memory for an operation's own use, which holds anything; it grows when a call needs more, and stays.</summary>
    private ArrayView<T> Reserve<T>(ref MemoryBuffer1D<T, Stride1D.Dense>? memory, long length)
        where T : unmanaged
    {
        if (memory is null || memory.Length < length)
        {
            // Launches that use the old memory may still be under way.
            Synchronize();
            Release(memory);
            memory = null;
            memory = AllocateMemory<T>(length);
        }

        return memory.View.BaseView.SubView(0, length);
    }

    /// <summary>The elements of a buffer of this device.</summary>
    private ArrayView<T> View<T>(DeviceBuffer<T> buffer, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged => Own(buffer, name).View;

    private GpuBuffer<T> Own<T>(DeviceBuffer<T> buffer, [CallerArgumentExpression(nameof(buffer))] string name = "")
        where T : unmanaged =>
        buffer is GpuBuffer<T> own && own.Device == this ? own : throw new ArgumentException("the buffer is not of this device", name);

    /// <summary>A matrix, element by element.</summary>
    private ScalarMatrix Scalars(in DeviceMatrix matrix, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        ArrayView<float> data = Own(matrix.Buffer, name).Padded;
        return new ScalarMatrix(data.SubView(Math.Min(matrix.Offset, data.Length)), matrix.Stride);
    }

    /// <summary>Activations, four tokens at a time. Whole vectors may be read and written: rows are padded.</summary>
    private VectorMatrix Vectors(in DeviceMatrix matrix, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        ArrayView<Float4> data = Own(matrix.Buffer, name).Padded.Cast<Float4>();
        return new VectorMatrix(data.SubView(Math.Min(matrix.Offset / Float4.Width, data.Length)), matrix.Stride / Float4.Width);
    }

    /// <summary>Vectors that hold this many tokens.</summary>
    private static int VectorsOf(int tokens) => DivideUp(tokens, Float4.Width);

    private static int DivideUp(int count, int size) => (int)(((long)count + size - 1) / size);
}
