using System.Reflection;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Host;
using SparseEngine.PtxMachine;
using Xunit.Sdk;
using Xunit.v3;

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>
/// Devices that must give the same bits. A new device is one more name here and one more line in <see cref="DeviceFamilies.Open"/>.
/// </summary>
public enum DeviceFamily
{
    HostVector128,
    HostVector256,
    HostVector512,
    HostSparseProducts,
    HostDenseProducts,
    IlgpuCpu,
    IlgpuDenseProducts,
    IlgpuSmallGpu,
    IlgpuPtx,
    IlgpuPtxDenseProducts,
    IlgpuCuda,
    IlgpuCudaAlone,
    IlgpuCudaDenseProducts,
    IlgpuOpenCl,
    IlgpuOpenClDenseProducts,
}

internal static class DeviceFamilies
{
    private static readonly Lazy<IReadOnlyList<AcceleratorInfo>> Accelerators = new(IlgpuDevice.Enumerate);

    /// <summary>Whether this machine has the family's devices.</summary>
    public static bool IsPresent(this DeviceFamily family) => family switch
    {
        DeviceFamily.IlgpuCuda or DeviceFamily.IlgpuCudaAlone or DeviceFamily.IlgpuCudaDenseProducts =>
            Accelerators.Value.Any(accelerator => accelerator.Kind == AcceleratorKind.Cuda),
        DeviceFamily.IlgpuOpenCl or DeviceFamily.IlgpuOpenClDenseProducts =>
            Accelerators.Value.Any(accelerator => accelerator.Kind == AcceleratorKind.OpenCl),
        _ => true,
    };

    /// <summary>The family's members; the host's differ in their number of threads.</summary>
    public static ComputeDevice[] Open(this DeviceFamily family) => family switch
    {
        DeviceFamily.HostVector128 => Host(SimdWidth.Vector128),
        DeviceFamily.HostVector256 => Host(SimdWidth.Vector256),
        DeviceFamily.HostVector512 => Host(SimdWidth.Vector512),
        DeviceFamily.HostSparseProducts => [HostDevice.Create(2, method: ProductMethod.Sparse)],
        DeviceFamily.HostDenseProducts => [HostDevice.Create(1, method: ProductMethod.Dense), HostDevice.Create(2, method: ProductMethod.Dense)],
        DeviceFamily.IlgpuCpu => [IlgpuDevice.Create(AcceleratorKind.Cpu)],
        DeviceFamily.IlgpuDenseProducts => [IlgpuDevice.Create(AcceleratorKind.Cpu, options: new ProductOptions { Method = ProductMethod.Dense })],
        DeviceFamily.IlgpuSmallGpu => [GpuDevice.CreateSmallGpu()],
        DeviceFamily.IlgpuPtx => [PtxDevice.Create()],
        DeviceFamily.IlgpuPtxDenseProducts => [PtxDevice.Create(new ProductOptions { Method = ProductMethod.Dense })],
        DeviceFamily.IlgpuCuda => [Cuda(new ProductOptions { Method = ProductMethod.Sparse })],

        // Without cuBLAS, and in the 48 KiB of shared memory that every GPU has.
        DeviceFamily.IlgpuCudaAlone => [Cuda(new ProductOptions { Method = ProductMethod.Sparse, UseCuBlas = false, UseLargeTiles = false })],
        DeviceFamily.IlgpuCudaDenseProducts => [Cuda(new ProductOptions { Method = ProductMethod.Dense })],
        DeviceFamily.IlgpuOpenCl => [OpenCl(ProductMethod.Sparse)],
        DeviceFamily.IlgpuOpenClDenseProducts => [OpenCl(ProductMethod.Dense)],
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };

    /// <summary>The cases that a family has the time for: all, or where every thread of a group is one of the CPU's, those up to a size.</summary>
    /// <param name="family">The family.</param>
    /// <param name="cases">The cases.</param>
    /// <param name="size">How much there is to do in a case.</param>
    /// <param name="largest">The most that a slow family does.</param>
    public static IEnumerable<T> CasesOf<T>(this DeviceFamily family, IEnumerable<T> cases, Func<T, long> size, long largest) =>
        family == DeviceFamily.IlgpuSmallGpu ? cases.Where(item => size(item) <= largest) : cases;

    private static IlgpuDevice Cuda(ProductOptions options) => IlgpuDevice.Create(AcceleratorKind.Cuda, options: options);

    private static IlgpuDevice OpenCl(ProductMethod method) =>
        IlgpuDevice.Create(AcceleratorKind.OpenCl, options: new ProductOptions { Method = method });

    private static ComputeDevice[] Host(SimdWidth width) =>
        [HostDevice.Create(1, width), HostDevice.Create(2, width), Sharing(HostDevice.Create(3, width)), Cut(HostDevice.Create(5, width))];

    /// <summary>Shares the smallest loops too.</summary>
    private static HostDevice Sharing(HostDevice device)
    {
        device.Pool.ShortestLoop = 0;
        device.Pool.ShortestShare = 1;
        return device;
    }

    /// <summary>Cuts all loops into as many parts as they may be cut into, besides.</summary>
    private static HostDevice Cut(HostDevice device)
    {
        device.Pool.PartTime = 1;
        return Sharing(device);
    }
}

/// <summary>Runs a theory once for each <see cref="DeviceFamily"/> that this machine has. Those that ILGPU drives have the trait
/// device=ilgpu; what executes PTX device=ptx, GPUs device=cuda or device=opencl as well.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryDeviceAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<DeviceFamily>().Where(family => family.IsPresent()).Select(Row)]);

    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRow<DeviceFamily> Row(DeviceFamily family)
    {
        TheoryDataRow<DeviceFamily> row = new TheoryDataRow<DeviceFamily>(family).WithTrait(
            "device", family >= DeviceFamily.IlgpuCpu ? "ilgpu" : "host");
        return family switch
        {
            DeviceFamily.IlgpuPtx or DeviceFamily.IlgpuPtxDenseProducts => row.WithTrait("device", "ptx"),
            DeviceFamily.IlgpuCuda or DeviceFamily.IlgpuCudaAlone or DeviceFamily.IlgpuCudaDenseProducts => row.WithTrait("device", "cuda"),
            DeviceFamily.IlgpuOpenCl or DeviceFamily.IlgpuOpenClDenseProducts => row.WithTrait("device", "opencl"),
            _ => row,
        };
    }
}
