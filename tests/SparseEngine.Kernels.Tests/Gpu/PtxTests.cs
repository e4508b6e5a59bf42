using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Runtime.Cuda;
using SparseEngine.Kernels.Gpu;
using SparseEngine.PtxMachine;
using SparseEngine.PtxMachine.Decoding;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>What NVIDIA's assembler gets to see of each kernel, without a GPU.</summary>
[Trait("device", "ilgpu")]
public partial class PtxTests
{
    // Two groups of 256 threads fit into a multiprocessor's 65,536 registers.
    private const int MostRegisters = 128;

    // Ampere's and Hopper's data-center chips.
    private static readonly CudaArchitecture[] Architectures = [new(8, 0), new(9, 0)];

    private static readonly Lazy<IReadOnlyList<CompiledKernel>> Compiled = new(CompileAll);

    [Fact]
    public void Every_kernel_compiles_to_float32_code_in_registers() =>
        Assert.Empty(Compiled.Value.SelectMany(kernel => Faults().Matches(kernel.Text).Select(match => $"{kernel}: {match.Value.Trim()}")));

    [Fact]
    public void Kernels_that_are_given_vectors_load_four_floats_at_a_time_from_all_memory_that_holds_them()
    {
        CompiledKernel[] kernels = [.. Compiled.Value.Where(kernel => HoldsVectors(kernel.Type))];
        Assert.Contains(kernels, kernel => kernel.Type == typeof(SpmmKernel<DynamicTileMemory>));
        Assert.Empty(
            kernels.Where(kernel => !kernel.Has("ld.global.v4.f32") && !kernel.Has("st.global.v4.f32"))
                .Select(kernel => $"{kernel} moves no vector from or to global memory"));
        Assert.Empty(
            kernels.Where(kernel => kernel.Has("st.shared.v4.f32") && !kernel.Has("ld.shared.v4.f32"))
                .Select(kernel => $"{kernel} loads no vector of its tile"));
    }

    [Fact]
    public void Floats_that_are_no_vector_are_seen_to_be_moved_in_parts()
    {
        using Context context = KernelCompiler.NewContext();
        string text = KernelCompiler.Compile(context, Architectures[0], typeof(ThreeFloatsKernel));
        Assert.Contains(Faults().Matches(text), match => match.Value.Contains("ld.global.f32", StringComparison.Ordinal));
    }

    [Fact]
    public void Nvidias_assembler_spills_no_register_and_finds_enough_shared_memory()
    {
        Assert.SkipWhen(
            PtxAssembler.Find() is null, "there is no ptxas on the PATH or under CUDA_HOME; it comes with NVIDIA's CUDA toolkit, 11.8 or later");
        using PtxAssembler assembler = new();
        foreach (CompiledKernel kernel in Compiled.Value)
        {
            PtxUsage usage = assembler.Assemble($"sm_{kernel.Architecture.Major}{kernel.Architecture.Minor}", kernel.Text);
            TestContext.Current.SendDiagnosticMessage($"{kernel}: {usage}");
            Assert.Equal(0, usage.SpilledBytes);
            Assert.InRange(usage.Registers, 1, MostRegisters);
            Assert.InRange(usage.SharedBytes, 0, 48 << 10);
        }
    }

    [Fact]
    public void The_machine_for_ptx_knows_every_instruction_of_every_kernel() =>
        Assert.All(Compiled.Value, kernel => Assert.NotEmpty(Decoder.Decode(kernel.ToString(), kernel.Text).Instructions));

    /// <summary>
    /// Double precision, memory of a thread's own (registers that spilled, arrays), calls that were not inlined, atomic operations on
    /// floats, whose order would change results, and vectors moved in parts: only those lie at an offset from their first.
    /// </summary>
    [GeneratedRegex(
        @"^.*(\.f64|(ld|st)\.local|\.local |call\.|\b(atom|red)\.\S*\.f\d\d|\b(ld|st)\.(global|shared)\.f32\s[^;]*\+\d+\]).*$",
        RegexOptions.Multiline)]
    private static partial Regex Faults();

    /// <summary>Whether a kernel's fields, or theirs, are memory seen as <see cref="Float4"/>.</summary>
    private static bool HoldsVectors(Type type) =>
        type == typeof(VectorMatrix)
        || type == typeof(ArrayView<Float4>)
        || (type.Assembly == typeof(IKernel).Assembly && type.IsValueType && Fields(type).Any(field => field != type && HoldsVectors(field)));

    private static IEnumerable<Type> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select(field => field.FieldType);

    private static List<CompiledKernel> CompileAll()
    {
        using Context context = KernelCompiler.NewContext();
        List<CompiledKernel> compiled = [];
        foreach (CudaArchitecture architecture in Architectures)
        {
            compiled.AddRange(KernelList.All.Select(
                kernel => new CompiledKernel(architecture, kernel, KernelCompiler.Compile(context, architecture, kernel))));
        }

        return compiled;
    }

    /// <summary>What a kernel is compiled to.</summary>
    private sealed record CompiledKernel(CudaArchitecture Architecture, Type Type, string Text)
    {
        public bool Has(string instruction) => Text.Contains(instruction, StringComparison.Ordinal);

        public override string ToString() => $"{Type} for {Architecture}";
    }

    private readonly record struct ThreeFloats(float X, float Y, float Z);

    private readonly struct ThreeFloatsKernel(ArrayView<ThreeFloats> from, ArrayView<ThreeFloats> to) : IKernel
    {
        public void Invoke() => to[Work.First] = from[Work.First];
    }
}
