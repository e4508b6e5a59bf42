using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.PtxMachine;

/// <summary>What ILGPU makes of a kernel for NVIDIA's GPUs.</summary>
internal static class KernelCompiler
{
    private static readonly CudaArchitecture Ampere = new(8, 0);
    private static readonly Lock OneAtATime = new();

    /// <summary>A kernel's PTX for Ampere, with the optimizations that devices are opened with.</summary>
    public static string Compile(Type kernel)
    {
        MethodInfo entry = typeof(KernelLauncher).GetMethod(nameof(KernelLauncher.Entry))!.MakeGenericMethod(kernel);
        lock (OneAtATime)
        {
            using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
            using PTXBackend backend = new(context, Ampere, new CudaInstructionSet(7, 8), nvvmAPI: null!);
            EntryPointDescription description = EntryPointDescription.FromExplicitlyGroupedKernel(entry);
            KernelSpecialization specialization = (KernelSpecialization)typeof(KernelLauncher).GetMethod(nameof(KernelLauncher.SpecializationOf))!
                .MakeGenericMethod(kernel).Invoke(null, [LaunchLimits.GroupThreads])!;
            return ((PTXCompiledKernel)backend.Compile(description, specialization)).PTXAssembly;
        }
    }
}
