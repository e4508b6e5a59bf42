using ILGPU;
using ILGPU.Runtime.CPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.PtxMachine;

/// <summary>A device whose kernels execute as PTX: the memory is that of ILGPU's CPU accelerator, the shapes are a GPU's.</summary>
public static class PtxDevice
{
    // A multiprocessor more or less changes how work is shared out, not what is tested.
    private const int Multiprocessors = 2;

    /// <summary>Opens one.</summary>
    public static ComputeDevice Create() => Create(new PtxExecutor());

    internal static GpuDevice Create(PtxExecutor executor)
    {
        CPUDevice device = new(numThreadsPerWarp: 2, numWarpsPerMultiprocessor: 1, numMultiprocessors: Multiprocessors);
        Context context = Context.Create(builder => builder.CPU(device).Profiling());
        return new GpuDevice(
            context, AcceleratorKind.Cpu, device, accelerator => GroupShapes.Gpu(accelerator) with { Threads = GroupShapes.MostThreads }, executor);
    }
}
