using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>What NVIDIA's assembler gets to see of each kernel, without a GPU.</summary>
public partial class PtxTests
{
    // Ampere's and Hopper's data-center chips.
    private static readonly CudaArchitecture[] Architectures = [new(8, 0), new(9, 0)];

    /// <summary>Kernels that move activations, with the number of 16-byte loads that their inner loops must have at least.</summary>
    public static TheoryData<Type, int> VectorKernels => new()
    {
        { typeof(SpmmKernel), 10 },
        { typeof(SddmmKernel), 4 },
        { typeof(GemmKernel<NormalLayout>), 1 },
        { typeof(GemmKernel<TransposedALayout>), 1 },
        { typeof(GemmKernel<TransposedBLayout>), 1 },
        { typeof(AttentionForwardKernel), 3 },
        { typeof(QueryGradientKernel), 5 },
        { typeof(KeyValueGradientKernel), 6 },
        { typeof(LayerNormForwardKernel), 3 },
        { typeof(LayerNormBackwardKernel), 2 },
        { typeof(ActivationForwardKernel<GeluFunction>), 1 },
        { typeof(AdamKernel), 4 },
    };

    [Fact]
    public void Every_kernel_compiles_to_float32_code_in_registers()
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        List<string> faults = [];
        foreach (CudaArchitecture architecture in Architectures)
        {
            foreach (Type kernel in AllKernels())
            {
                string text = Compile(context, architecture, kernel);
                faults.AddRange(Faults().Matches(text).Select(match => $"{kernel.Name} for {architecture}: {match.Value.Trim()}"));
            }
        }

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(VectorKernels))]
    public void Hot_loops_load_four_floats_at_a_time(Type kernel, int loads)
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        foreach (CudaArchitecture architecture in Architectures)
        {
            string text = Compile(context, architecture, kernel);
            int found = text.Split("ld.global.v4.").Length - 1;
            Assert.True(found >= loads, $"{kernel.Name} for {architecture} has {found} vector loads");
        }
    }

    [Fact]
    public void The_list_of_kernels_has_them_all() => Assert.Contains(typeof(ActivationBackwardKernel<TanhFunction>), AllKernels());

    /// <summary>Double precision, memory of a thread's own (registers that spilled, arrays), and calls that were not inlined.</summary>
    [GeneratedRegex(@"^.*(\.f64|(ld|st)\.local|\.local |call\.|atom\.).*$", RegexOptions.Multiline)]
    private static partial Regex Faults();

    /// <summary>The implementations of <see cref="IKernel"/>; generic ones with each argument that fits.</summary>
    private static IEnumerable<Type> AllKernels()
    {
        Type[] types = typeof(IKernel).Assembly.GetTypes();
        return types.Where(type => type.IsValueType && type.IsAssignableTo(typeof(IKernel))).SelectMany(kernel => Closed(kernel, types));
    }

    private static IEnumerable<Type> Closed(Type kernel, Type[] types)
    {
        if (!kernel.IsGenericTypeDefinition)
        {
            return [kernel];
        }

        Type bound = kernel.GetGenericArguments()[0].GetGenericParameterConstraints().Single(type => type.IsInterface);
        return types.Where(type => type.IsValueType && type.IsAssignableTo(bound)).Select(argument => kernel.MakeGenericType(argument));
    }

    private static string Compile(Context context, CudaArchitecture architecture, Type kernel)
    {
        MethodInfo entry = typeof(KernelLauncher).GetMethod(nameof(KernelLauncher.Entry))!.MakeGenericMethod(kernel);
        using PTXBackend backend = new(context, architecture, new CudaInstructionSet(7, 8), nvvmAPI: null!);
        PTXCompiledKernel compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), KernelSpecialization.Empty);
        return compiled.PTXAssembly;
    }
}
