using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.PtxMachine;

/// <summary>A device whose kernels execute as PTX: the memory is that of ILGPU's CPU accelerator, the shapes are a GPU's.</summary>
public static class PtxDevice
{
    // A multiprocessor more or less changes how work is shared out, not what is tested.
    private const int Multiprocessors = 2;

    /// <summary>Opens one, whose groups have the shared memory of a Hopper's for the tiles of sparse products.</summary>
    /// <param name="options">How it computes products; null for float32, by non-zeros.</param>
    public static ComputeDevice Create(ProductOptions? options = null) => Create(new PtxExecutor(), options);

    internal static GpuDevice Create(PtxExecutor executor, ProductOptions? options = null, int? chunkColumns = null)
    {
        int columns = chunkColumns ?? InputTile.ColumnsFor(LaunchLimits.MultiprocessorSharedBytes, LaunchLimits.GroupSharedBytes);
        CPUDevice device = new(numThreadsPerWarp: 2, numWarpsPerMultiprocessor: 1, numMultiprocessors: Multiprocessors);
        Context context = Context.Create(builder => builder.CPU(device).Profiling());
        return new GpuDevice(context, AcceleratorKind.Cpu, device, Shapes, options ?? new ProductOptions(), executor);

        GroupShapes Shapes(Accelerator accelerator) => GroupShapes.Gpu(accelerator) with
        {
            Threads = GroupShapes.MostThreads,
            Teams = GroupShapes.MostTeams,
            ChunkColumns = columns,
        };
    }
}
