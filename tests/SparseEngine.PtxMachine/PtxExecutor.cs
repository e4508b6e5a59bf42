using System.Collections.Concurrent;
using ILGPU;
using SparseEngine.Kernels.Gpu;
using SparseEngine.PtxMachine.Decoding;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine;

/// <summary>Executes a device's kernels as PTX, on memory of this machine.</summary>
internal sealed class PtxExecutor : IKernelExecutor
{
    private static readonly ConcurrentDictionary<Type, Lazy<DecodedKernel>> Kernels = [];
    private Dictionary<Type, Counters>? counters;

    /// <param name="counts">Whether it counts, which takes time.</param>
    public PtxExecutor(bool counts = false) => counters = counts ? [] : null;

    /// <summary>What each kernel did since this was last called; nothing unless it counts.</summary>
    public IReadOnlyDictionary<Type, Counters> TakeCounts()
    {
        Dictionary<Type, Counters> counted = counters ?? [];
        counters = counters is null ? null : [];
        return counted;
    }

    public void Launch<TKernel>(Index3D grid, Index3D group, in TKernel kernel, SharedMemoryConfig memory)
        where TKernel : struct, IKernel
    {
        DecodedKernel decoded = Kernels.GetOrAdd(typeof(TKernel), type => new Lazy<DecodedKernel>(() => Decode(type))).Value;
        Counters? counter = null;
        if (counters is not null && !counters.TryGetValue(typeof(TKernel), out counter))
        {
            counter = new Counters(decoded.Program);
            counters.Add(typeof(TKernel), counter);
        }

        List<MemoryView> views = [];
        byte[] arguments = decoded.Arguments.Write(kernel, views);
        using GlobalMemory global = new(views);
        Machine.Run(
            decoded.Program, new Dimensions(grid.X, grid.Y, grid.Z), new Dimensions(group.X, group.Y, group.Z), arguments, global, counter,
            memory.ArraySize);
    }

    private static DecodedKernel Decode(Type kernel)
    {
        Program program = Decoder.Decode(NameOf(kernel), KernelCompiler.Compile(kernel));
        KernelArguments arguments = new(kernel);
        return arguments.Bytes == program.ParameterBytes
            ? new DecodedKernel(program, arguments)
            : throw new NotSupportedException($"{kernel}: {arguments.Bytes} bytes of arguments here, {program.ParameterBytes} in its PTX");
    }

    private static string NameOf(Type kernel) => kernel.IsGenericType
        ? $"{kernel.Name[..kernel.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", kernel.GetGenericArguments().Select(NameOf))}>"
        : kernel.Name;

    private sealed record DecodedKernel(Program Program, KernelArguments Arguments);
}
