using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.OpenCL;
using SparseEngine.Kernels.Gpu;
using SparseEngine.PtxMachine;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>What an OpenCL driver of no vendor in particular, with no optional feature but generic addresses, gets to see of each kernel.</summary>
[Trait("device", "ilgpu")]
public partial class OpenClTests
{
    private static readonly Lazy<IReadOnlyList<CompiledKernel>> Compiled = new(CompileAll);

    [Theory]
    [InlineData("2.0")]
    [InlineData("3.0")]
    public void Every_kernel_is_opencl_c_of_any_vendor(string version)
    {
        Assert.SkipWhen(Clang.Find() is null, Clang.Absence);
        using Clang clang = new();
        foreach (CompiledKernel kernel in Compiled.Value)
        {
            clang.Add(kernel.Type.Name, kernel.Source);
        }

        Assert.Equal("", clang.Check(version));
    }

    [Fact]
    public void A_function_that_opencl_does_not_have_is_seen()
    {
        Assert.SkipWhen(Clang.Find() is null, Clang.Absence);
        using Clang clang = new();
        string source = Compiled.Value.Single(kernel => kernel.Type == typeof(ScanKernel)).Source;
        clang.Add(nameof(ScanKernel), source.Replace("work_group_barrier", "work_group_shuffle", StringComparison.Ordinal));
        Assert.Contains("work_group_shuffle", clang.Check("3.0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_barrier_orders_local_memory_and_global_memory()
    {
        string[] barriers = [.. Compiled.Value.SelectMany(kernel => Barriers().Matches(kernel.Source).Select(match => match.Groups[1].Value.Trim()))];
        Assert.NotEmpty(barriers);
        Assert.All(barriers, flags => Assert.Equal("CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE", flags));
    }

    [Fact]
    public void No_kernel_asks_for_atomic_operations_that_a_device_need_not_have() =>
        Assert.DoesNotContain(Compiled.Value, kernel => kernel.Source.Contains("atomic_fetch", StringComparison.Ordinal));

    [Theory]
    [InlineData(typeof(DropoutKernel))]
    [InlineData(typeof(DrawKernel))]
    public void Random_numbers_wrap_in_unsigned_arithmetic(Type kernel)
    {
        string source = Compiled.Value.Single(compiled => compiled.Type == kernel).Source;
        Assert.Contains("(ulong)", source, StringComparison.Ordinal);
        Assert.DoesNotMatch(SignedOverflow(), source);
    }

    [Fact]
    public void The_list_of_kernels_has_them_all() => Assert.Contains(typeof(ActivationBackwardKernel<TanhFunction>), KernelList.All);

    [GeneratedRegex(@"barrier\s*\(([^)]*)\)")]
    private static partial Regex Barriers();

    [GeneratedRegex(@"\(long\)\(\(long\) \S+ [-+*]|\(int\) \S+ [-+*] +\(int\)(2[2-9]|[34]\d)\d{8}")]
    private static partial Regex SignedOverflow();

    // Dynamic shared memory is for CUDA alone: ILGPU's OpenCL C keeps its address where all groups share it.
    private static List<CompiledKernel> CompileAll()
    {
        using Context context = KernelCompiler.NewContext();
        CLCapabilityContext capabilities = new(
            float16: false, float64: false, genericAddressSpace: true, int64_Atomics: false, subGroups: false);
        using CLBackend backend = new(context, capabilities, CLDeviceVendor.Other, CLCVersion.CL30);
        return
        [
            .. KernelList.All
                .Where(kernel => !kernel.GenericTypeArguments.Any(type => type == typeof(DynamicTileMemory) || type == typeof(DynamicSampleMemory)))
                .Select(kernel => new CompiledKernel(kernel, Compile(backend, kernel))),
        ];
    }

    private static string Compile(CLBackend backend, Type kernel) =>
        OpenClCompiler.Compile(backend, KernelCompiler.EntryOf(kernel), KernelCompiler.SpecializationOf(kernel)).Source;

    private sealed record CompiledKernel(Type Type, string Source);
}
