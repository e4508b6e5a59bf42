using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.PtxMachine;

/// <summary>What ILGPU makes of a kernel for NVIDIA's GPUs, and what it needs to compile one as a device does.</summary>
internal static class KernelCompiler
{
    private static readonly CudaArchitecture Ampere = new(8, 0);
    private static readonly Lock OneAtATime = new();

    /// <summary>With the optimizations that devices are opened with.</summary>
    public static Context NewContext() => Context.Create(builder => KernelLauncher.Optimized(builder));

    /// <summary>The method that ILGPU compiles for a kernel.</summary>
    public static MethodInfo EntryOf(Type kernel) => OfLauncher(nameof(KernelLauncher.Entry), kernel);

    /// <summary>What the compiler is told of a kernel's launches.</summary>
    public static KernelSpecialization SpecializationOf(Type kernel) =>
        (KernelSpecialization)OfLauncher(nameof(KernelLauncher.SpecializationOf), kernel).Invoke(null, [LaunchLimits.GroupThreads])!;

    /// <summary>A kernel's PTX for an architecture.</summary>
    public static string Compile(Context context, CudaArchitecture architecture, Type kernel)
    {
        using PTXBackend backend = new(context, architecture, new CudaInstructionSet(7, 8), nvvmAPI: null!);
        EntryPointDescription description = EntryPointDescription.FromExplicitlyGroupedKernel(EntryOf(kernel));
        return ((PTXCompiledKernel)backend.Compile(description, SpecializationOf(kernel))).PTXAssembly;
    }

    /// <summary>A kernel's PTX for Ampere.</summary>
    public static string Compile(Type kernel)
    {
        lock (OneAtATime)
        {
            using Context context = NewContext();
            return Compile(context, Ampere, kernel);
        }
    }

    private static MethodInfo OfLauncher(string name, Type kernel) => typeof(KernelLauncher).GetMethod(name)!.MakeGenericMethod(kernel);
}
