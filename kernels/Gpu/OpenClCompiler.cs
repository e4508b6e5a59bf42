using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Compiles kernels to OpenCL C that any device of OpenCL 2 or 3 with generic addresses computes right.</summary>
internal static partial class OpenClCompiler
{
    private const string GlobalFence = "CLK_GLOBAL_MEM_FENCE";
    private const string BothFences = "CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE";

    /// <summary>Compiles a kernel for the vendor and the version of OpenCL C of a backend.</summary>
    public static CLCompiledKernel Compile(CLBackend backend, MethodInfo entry, in KernelSpecialization specialization)
    {
        CLCompiledKernel kernel = (CLCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), specialization);
        return new CLCompiledKernel(kernel.Context, EntryPointOf(kernel), kernel.Info, Portable(kernel.Source), kernel.CVersion);
    }

    /// <summary>What ILGPU emits, in terms that OpenCL's specification defines for every device.</summary>
    /// <remarks>
    /// ILGPU's barriers order global memory alone: behind them, what a group writes to local memory need not be seen. Its atomic additions
    /// are sequentially consistent across the device, which OpenCL 3 makes optional; those of OpenCL 1 are relaxed, as counts may be. And it
    /// emits unsigned arithmetic as signed, where C leaves open what happens when it wraps, as that of random numbers does.
    /// </remarks>
    private static string Portable(string source)
    {
        source = source.Replace(GlobalFence, BothFences, StringComparison.Ordinal);
        source = AtomicAddition().Replace(source, "atomic_add ($1, (int)$2)");
        return WrappingArithmetic().Replace(source, "($1)((u$1) $2 $3 (u$1)$4)");
    }

    [GeneratedRegex(@"atomic_fetch_add \(\(atomic_u?int\*\)(\w+), \(u?int\)(\w+)\)")]
    private static partial Regex AtomicAddition();

    // All of 64 bits, and with 32 what adds constants beyond those of an int: compilers address memory better where indices cannot wrap.
    [GeneratedRegex(@"\((long|int)\)\(\(\1\) ([^()]+) ([-+*]) +\(\1\)((?<=long\))[^()]+|[2-4][0-9]{9})\)")]
    private static partial Regex WrappingArithmetic();

    // Internal to ILGPU, though the constructor that takes it is public.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    private static extern SeparateViewEntryPoint EntryPointOf(CLCompiledKernel kernel);
}
