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
[Trait("device", "ilgpu")]
public partial class PtxTests
{
    // Two groups of 256 threads fit into a multiprocessor's 65,536 registers.
    private const int MostRegisters = 128;

    // Ampere's and Hopper's data-center chips.
    private static readonly CudaArchitecture[] Architectures = [new(8, 0), new(9, 0)];

    /// <summary>Kernels that move activations, with the number of 16-byte loads that they must have at least from global and from shared memory.</summary>
    public static TheoryData<Type, int, int> VectorKernels => new()
    {
        // Eight rows of batches of four non-zeros: values from global memory, two vectors of tokens a non-zero from shared memory.
        { typeof(SpmmKernel), 8, 64 },
        { typeof(SddmmKernel), 4, 8 },
        { typeof(GemmKernel<NormalLayout>), 1, 3 },
        { typeof(GemmKernel<TransposedALayout>), 1, 3 },
        { typeof(GemmKernel<TransposedBLayout>), 1, 3 },
        { typeof(AttentionForwardKernel), 3, 0 },
        { typeof(DecodeValuesKernel), 2, 0 },
        { typeof(QueryGradientKernel), 5, 0 },
        { typeof(KeyValueGradientKernel), 6, 0 },
        { typeof(LayerNormForwardKernel), 3, 0 },
        { typeof(LayerNormBackwardKernel), 2, 0 },
        { typeof(ActivationForwardKernel<GeluFunction>), 1, 0 },
        { typeof(AdamKernel), 4, 0 },
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
    public void Hot_loops_load_four_floats_at_a_time(Type kernel, int globalLoads, int sharedLoads)
    {
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        foreach (CudaArchitecture architecture in Architectures)
        {
            string text = Compile(context, architecture, kernel);
            AssertAtLeast(globalLoads, "ld.global.v4.");
            AssertAtLeast(sharedLoads, "ld.shared.v4.");

            void AssertAtLeast(int expected, string instruction)
            {
                int found = text.Split(instruction).Length - 1;
                Assert.True(found >= expected, $"{kernel.Name} for {architecture} has {found} of {instruction}");
            }
        }
    }

    [Fact]
    public void Nvidias_assembler_spills_no_register_and_finds_enough_shared_memory()
    {
        Assert.SkipWhen(PtxAssembler.Find() is null, "there is no ptxas on the PATH or under CUDA_HOME; it comes with NVIDIA's CUDA toolkit, 11.8 or later");
        using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive));
        using PtxAssembler assembler = new();
        foreach (CudaArchitecture architecture in Architectures)
        {
            foreach (Type kernel in AllKernels())
            {
                PtxUsage usage = assembler.Assemble($"sm_{architecture.Major}{architecture.Minor}", Compile(context, architecture, kernel));
                TestContext.Current.SendDiagnosticMessage($"{architecture} {kernel}: {usage}");
                Assert.Equal(0, usage.SpilledBytes);
                Assert.InRange(usage.Registers, 1, MostRegisters);
                Assert.InRange(usage.SharedBytes, 0, 48 << 10);
            }
        }
    }

    [Fact]
    public void The_list_of_kernels_has_them_all() => Assert.Contains(typeof(ActivationBackwardKernel<TanhFunction>), AllKernels());

    /// <summary>
    /// Double precision, memory of a thread's own (registers that spilled, arrays), calls that were not inlined, and atomic operations on
    /// floats, whose order would change results.
    /// </summary>
    [GeneratedRegex(@"^.*(\.f64|(ld|st)\.local|\.local |call\.|\b(atom|red)\.\S*\.f\d\d).*$", RegexOptions.Multiline)]
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
