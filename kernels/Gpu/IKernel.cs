using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// A kernel: a struct whose fields are its arguments. Every kernel of the device implements this, so the implementations are their list.
/// </summary>
internal interface IKernel
{
    /// <summary>Groups that should fit on a multiprocessor together, which bounds the registers of a thread; 0 leaves them to the compiler.</summary>
    static virtual int GroupsPerMultiprocessor => 0;

    /// <summary>The most threads of a group.</summary>
    static virtual int MostThreads => GroupShapes.MostThreads;

    /// <summary>What each thread of each group does.</summary>
    void Invoke();
}

/// <summary>Executes kernels in the accelerator's stead, on its memory.</summary>
internal interface IKernelExecutor
{
    /// <summary>Executes a launch, whose groups have dynamic shared memory besides their own, and returns when it is done.</summary>
    void Launch<TKernel>(Index3D grid, Index3D group, in TKernel kernel, SharedMemoryConfig memory)
        where TKernel : struct, IKernel;
}

/// <summary>Compiles kernels on first use and launches them on an accelerator's default stream, or hands them to what executes them.</summary>
internal sealed class KernelLauncher(GpuDevice device, Accelerator accelerator, IKernelExecutor? executor = null)
{
    private readonly Dictionary<Type, Delegate> launchers = [];

    /// <summary>The optimizations that kernels are compiled with: docs/gpu.md says what they do and what a lower level would cost.</summary>
    public static Context.Builder Optimized(Context.Builder builder) => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);

    /// <summary>The method that ILGPU compiles for a kernel.</summary>
    public static void Entry<TKernel>(TKernel kernel)
        where TKernel : struct, IKernel => kernel.Invoke();

    /// <summary>What the compiler is told of a kernel's launches.</summary>
    public static KernelSpecialization SpecializationOf<TKernel>(int mostThreads)
        where TKernel : struct, IKernel =>
        TKernel.GroupsPerMultiprocessor == 0
            ? KernelSpecialization.Empty
            : new KernelSpecialization(Math.Min(TKernel.MostThreads, mostThreads), TKernel.GroupsPerMultiprocessor);

    /// <summary>Queues a launch.</summary>
    /// <param name="grid">Its groups.</param>
    /// <param name="group">Threads of a group.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="memory">The dynamic shared memory of a group.</param>
    public void Launch<TKernel>(Index3D grid, Index3D group, in TKernel kernel, SharedMemoryConfig memory = default)
        where TKernel : struct, IKernel
    {
        if (executor is not null)
        {
            executor.Launch(grid, group, kernel, memory);
            return;
        }

        try
        {
            if (!launchers.TryGetValue(typeof(TKernel), out Delegate? launcher))
            {
                launcher = Load<TKernel>(memory);
                launchers.Add(typeof(TKernel), launcher);
            }

            ((Action<AcceleratorStream, KernelConfig, TKernel>)launcher)(accelerator.DefaultStream, new KernelConfig(grid, group, memory), kernel);
        }
        catch (Exception error) when (error is AcceleratorException or InternalCompilerException)
        {
            throw device.Failure(error);
        }
    }

    private Action<AcceleratorStream, KernelConfig, TKernel> Load<TKernel>(SharedMemoryConfig memory)
        where TKernel : struct, IKernel
    {
        Action<TKernel> entry = Entry;
        KernelSpecialization specialization = SpecializationOf<TKernel>(accelerator.MaxNumThreadsPerGroup);
        if (accelerator is CLAccelerator)
        {
            return accelerator.LoadKernel(OpenClCompiler.Compile((CLBackend)accelerator.GetBackend(), entry.Method, specialization))
                .CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TKernel>>();
        }

        Action<AcceleratorStream, KernelConfig, TKernel> launcher = accelerator.LoadKernel(entry, specialization);
        if (memory.UsesDynamicSharedMemory && accelerator is CudaAccelerator cuda)
        {
            CudaSharedMemory.Allow(cuda, (CudaKernel)launcher.GetKernel());
        }

        return launcher;
    }
}
