using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>What runs the kernels of an <see cref="IlgpuDevice"/>.</summary>
public enum AcceleratorKind
{
    /// <summary>An NVIDIA GPU through CUDA.</summary>
    Cuda,

    /// <summary>A device that OpenCL offers, a GPU as a rule.</summary>
    OpenCl,

    /// <summary>
    /// Threads of the CPU that stand in for a GPU's: for checking kernels, orders of magnitude slower than <see cref="Host.HostDevice"/>.
    /// </summary>
    Cpu,
}

/// <summary>An accelerator that <see cref="IlgpuDevice.Create"/> can open.</summary>
/// <param name="Kind">What runs its kernels.</param>
/// <param name="Index">Its number among those of its kind, from 0.</param>
/// <param name="Name">The name its driver gives.</param>
/// <param name="MemoryBytes">Bytes of its memory.</param>
/// <param name="Multiprocessors">The number of its multiprocessors.</param>
/// <param name="Capabilities">The optional features that ILGPU reports for it: "Float64", "Int64_Atomics".</param>
/// <param name="IsGpu">Whether it is a GPU; OpenCL drivers offer CPUs as well.</param>
public sealed record AcceleratorInfo(
    AcceleratorKind Kind, int Index, string Name, long MemoryBytes, int Multiprocessors, IReadOnlyList<string> Capabilities, bool IsGpu);

/// <summary>An accelerator that ILGPU drives: one set of kernels for CUDA, OpenCL and the CPU.</summary>
public abstract class IlgpuDevice : ComputeDevice
{
    private protected IlgpuDevice()
    {
    }

    /// <summary>How often memory of the accelerator was allocated: after the first steps of a run, no more.</summary>
    public abstract int Allocations { get; }

    /// <summary>How often this program waited for the accelerator: to read results, not to make steps.</summary>
    public abstract int Synchronizations { get; }

    /// <summary>The time that operations take on the accelerator, by its own clock. Waits for them.</summary>
    /// <param name="operations">Queues them.</param>
    public abstract TimeSpan Measure(Action operations);

    /// <summary>Lists the accelerators of this machine: the GPUs by kind, then the CPU accelerator, which is always there.</summary>
    /// <remarks>Left out are OpenCL devices without generic addresses, which ILGPU needs, or the local memory that the kernels need.</remarks>
    public static IReadOnlyList<AcceleratorInfo> Enumerate()
    {
        using Context context = Context.Create(builder => OpenClLibrary.AddTo(builder.Cuda()).CPU(GpuDevice.CpuAccelerator));
        return
        [
            .. Enum.GetValues<AcceleratorKind>()
                .SelectMany(kind => Devices(context, kind).Select((device, index) => Describe(kind, index, device))),
        ];
    }

    /// <summary>Opens an accelerator.</summary>
    /// <param name="kind">What runs its kernels.</param>
    /// <param name="index">Its number among those of its kind, as <see cref="Enumerate"/> counts.</param>
    /// <param name="options">How it computes products; null for float32, by what is fastest.</param>
    /// <exception cref="DeviceException">There is no such accelerator, or no cuBLAS for TF32.</exception>
    public static IlgpuDevice Create(AcceleratorKind kind, int index = 0, ProductOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Context context = Context.Create(builder => KernelLauncher.Optimized(With(builder, kind).Profiling()));
        Device[] devices = [.. Devices(context, kind)];
        if (index >= devices.Length)
        {
            context.Dispose();
            string found = devices.Length == 0 ? "none" : $"{devices.Length}, from 0";
            string usable = kind == AcceleratorKind.OpenCl
                ? $", of those with generic addresses and {GroupShapes.SharedBytes >> 10} KiB of local memory"
                : "";
            throw new DeviceException($"no {NameOf(kind)} device {index}: ILGPU finds {found} on this machine{usable}");
        }

        GpuDevice device = new(
            context, kind, devices[index], kind == AcceleratorKind.Cpu ? GroupShapes.Cpu : GroupShapes.Gpu, options ?? new ProductOptions());
        if (options?.Matmul == MatmulPrecision.High && !device.HasCuBlas)
        {
            string description = device.Description;
            device.Dispose();
            throw new DeviceException(
                $"{description}: TF32 products are cuBLAS's, and this machine has no cuBLAS 11, 12 or 13 for it; valid: float32");
        }

        return device;
    }

    private static Context.Builder With(Context.Builder builder, AcceleratorKind kind) => kind switch
    {
        AcceleratorKind.Cuda => builder.Cuda(),
        AcceleratorKind.OpenCl => OpenClLibrary.AddTo(builder),
        AcceleratorKind.Cpu => builder.CPU(GpuDevice.CpuAccelerator),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "valid: Cuda, OpenCl, Cpu"),
    };

    private static IEnumerable<Device> Devices(Context context, AcceleratorKind kind) => kind switch
    {
        AcceleratorKind.Cuda => context.Devices.Where(device => device.AcceleratorType == AcceleratorType.Cuda),
        AcceleratorKind.OpenCl => context.Devices.Where(
            device => device.AcceleratorType == AcceleratorType.OpenCL && device.MaxSharedMemoryPerGroup >= GroupShapes.SharedBytes),
        _ => context.Devices.Where(device => device.AcceleratorType == AcceleratorType.CPU),
    };

    private static string NameOf(AcceleratorKind kind) => kind switch
    {
        AcceleratorKind.Cuda => "CUDA",
        AcceleratorKind.OpenCl => "OpenCL",
        _ => "CPU accelerator",
    };

    // Of its CPU accelerator ILGPU tells neither features nor a size of memory, which is this process's.
    private static AcceleratorInfo Describe(AcceleratorKind kind, int index, Device device) => kind == AcceleratorKind.Cpu
        ? new(kind, index, GpuDevice.CpuDescription, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, device.NumMultiprocessors, [], IsGpu: false)
        : new(
            kind, index, device.Name, device.MemorySize, device.NumMultiprocessors, [.. Features(device.Capabilities)],
            IsGpu: device is not CLDevice { DeviceType: not CLDeviceType.CL_DEVICE_TYPE_GPU });

    private static IEnumerable<string> Features(CapabilityContext capabilities) =>
        capabilities.GetType().GetProperties()
            .Where(property => property.PropertyType == typeof(bool) && property.GetValue(capabilities) is true)
            .Select(property => property.Name).Order(StringComparer.Ordinal);
}
