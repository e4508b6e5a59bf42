using System.Globalization;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels;

/// <summary>The kinds of devices that a user can name.</summary>
public enum DeviceKind
{
    /// <summary>The fastest there is: CUDA, else an OpenCL GPU, else the host.</summary>
    Auto,

    /// <summary>The CPU's SIMD kernels, <see cref="HostDevice"/>.</summary>
    Host,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,

    /// <summary>A GPU through OpenCL.</summary>
    OpenCl,

    /// <summary>ILGPU's CPU accelerator, for checking GPU kernels where there is no GPU.</summary>
    IlgpuCpu,
}

/// <summary>A device as a user names it: "auto", "host", "cuda", "cuda:1", "opencl", "ilgpu-cpu".</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Index">Its number among those of its kind, from 0.</param>
public readonly record struct DeviceChoice(DeviceKind Kind, int Index = 0)
{
    /// <summary>The names, for messages.</summary>
    public const string ValidNames = "auto, host, cuda, cuda:N, opencl, opencl:N, ilgpu-cpu";

    private static readonly (string Name, DeviceKind Kind)[] Names =
        [
            ("auto", DeviceKind.Auto), ("host", DeviceKind.Host), ("cuda", DeviceKind.Cuda), ("opencl", DeviceKind.OpenCl),
            ("ilgpu-cpu", DeviceKind.IlgpuCpu),
        ];

    /// <summary>Whether the device is, or may turn out to be, driven by ILGPU.</summary>
    public bool IsAccelerator => Kind != DeviceKind.Host;

    /// <summary>Reads a name, in any case.</summary>
    /// <exception cref="FormatException">It is not one of <see cref="ValidNames"/>.</exception>
    public static DeviceChoice Parse(string text) =>
        TryParse(text, out DeviceChoice choice) ? choice : throw new FormatException($"the device is \"{text}\"; valid: {ValidNames}");

    /// <summary>Reads a name, in any case.</summary>
    public static bool TryParse(string text, out DeviceChoice choice)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        foreach ((string name, DeviceKind kind) in Names)
        {
            if (string.Equals(name, parts[0], StringComparison.OrdinalIgnoreCase))
            {
                int index = 0;
                choice = new DeviceChoice(kind);
                bool valid = parts.Length == 1
                    || (parts.Length == 2 && kind is DeviceKind.Cuda or DeviceKind.OpenCl
                        && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index));
                choice = new DeviceChoice(kind, index);
                return valid;
            }
        }

        choice = default;
        return false;
    }

    /// <summary>The device itself in place of <see cref="DeviceKind.Auto"/>: the first CUDA GPU, else the first OpenCL GPU, else the host.</summary>
    /// <param name="accelerators">What there is, as <see cref="IlgpuDevice.Enumerate"/> lists it.</param>
    public DeviceChoice Resolve(IReadOnlyList<AcceleratorInfo> accelerators)
    {
        ArgumentNullException.ThrowIfNull(accelerators);
        if (Kind != DeviceKind.Auto)
        {
            return this;
        }

        IEnumerable<AcceleratorInfo> gpus = accelerators.Where(accelerator => accelerator.IsGpu);
        AcceleratorInfo? gpu = gpus.MinBy(accelerator => accelerator.Kind);
        return gpu is null
            ? new DeviceChoice(DeviceKind.Host)
            : new DeviceChoice(gpu.Kind == AcceleratorKind.Cuda ? DeviceKind.Cuda : DeviceKind.OpenCl, gpu.Index);
    }

    /// <summary>Opens the device.</summary>
    /// <param name="threads">Threads of the host, where it is the host.</param>
    /// <param name="options">How it computes products; null for float32, by what is fastest.</param>
    /// <exception cref="DeviceException">This machine has no such device.</exception>
    public ComputeDevice Open(int threads, ProductOptions? options = null)
    {
        DeviceChoice choice = Kind == DeviceKind.Auto ? Resolve(IlgpuDevice.Enumerate()) : this;
        return choice.Kind switch
        {
            DeviceKind.Cuda => IlgpuDevice.Create(AcceleratorKind.Cuda, choice.Index, options),
            DeviceKind.OpenCl => IlgpuDevice.Create(AcceleratorKind.OpenCl, choice.Index, options),
            DeviceKind.IlgpuCpu => IlgpuDevice.Create(AcceleratorKind.Cpu, options: options),
            _ => HostDevice.Create(threads, method: (options ?? new ProductOptions()).Method),
        };
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        DeviceKind kind = Kind;
        string name = Names.First(pair => pair.Kind == kind).Name;
        return Index == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{Index}");
    }
}
