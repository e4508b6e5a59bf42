using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.PtxMachine;

namespace SparseEngine.Tests;

/// <summary>Devices that tests name: those of the program, and "ptx", which executes GPU kernels as PTX on a machine of its own.</summary>
internal static class TestDevice
{
    public const string Ptx = "ptx";

    public static ComputeDevice Open(string name) => name switch
    {
        Ptx => PtxDevice.Create(),
        "host, 2 threads" => DeviceChoice.Parse("host").Open(threads: 2),
        _ => DeviceChoice.Parse(name).Open(threads: 1),
    };

    /// <summary>The first device of CUDA and of OpenCL, where this machine has them.</summary>
    public static IEnumerable<string> Gpus() =>
        IlgpuDevice.Enumerate().Where(accelerator => accelerator is { Index: 0, Kind: not AcceleratorKind.Cpu })
            .Select(accelerator => accelerator.Kind == AcceleratorKind.Cuda ? "cuda" : "opencl");

    /// <summary>Marks a case with the device that it needs; one that ILGPU compiles for also with device=ilgpu.</summary>
    public static T OnDevice<T>(this T row, string name)
        where T : TheoryDataRowBase
    {
        row.Traits["device"] = name == Ptx ? [name, "ilgpu"] : [name];
        return row;
    }
}
