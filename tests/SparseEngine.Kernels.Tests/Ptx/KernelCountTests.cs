using System.Globalization;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;
using SparseEngine.PtxMachine;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.Kernels.Tests.Ptx;

/// <summary>How the kernels use a GPU's memory: what decides about their speed and no result shows.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "ptx")]
public class KernelCountTests
{
    private static readonly int PercentZeros = Setting("PTX_TABLE_ZEROS", 75);

    [Fact]
    public void Spmm_moves_whole_sectors_and_reads_its_tile_without_conflicts()
    {
        CountedInstruction[] accesses = Accesses(Products(256, 128)["SpMM"][typeof(SpmmKernel<DynamicTileMemory>)]);
        Assert.Contains(Hot(accesses), access => access.IsShared);
        Assert.Contains(Hot(accesses), access => access.IsGlobal);
        Assert.All(accesses.Where(access => access.IsShared), HasNoConflict);

        // Activations are vectors of tokens side by side; all lanes of a warp read the same record.
        Assert.All(
            accesses.Where(access => access.IsGlobal),
            access => Assert.True(
                access.Accesses.Parts == access.Accesses.LeastParts || access.Accesses.Parts == access.Accesses.Requests,
                $"sectors are moved for a part of their bytes: {access}"));
    }

    /// <summary>Nine reads of four wavefronts each serve 32 multiply-adds, ten where a pair has two rows; beside them the tile is filled.</summary>
    [Fact]
    public void Products_of_quads_read_their_tiles_without_conflicts_and_once_for_four_rows()
    {
        Dictionary<string, IReadOnlyDictionary<Type, Counters>> products = Products(256, 256, sharing: 4);
        Counters forward = products["SpMM"][typeof(SpmmQuadsKernel<DynamicTileMemory>)];
        Counters transposed = products["SpMM, transposed"][typeof(SpmmQuadColumnsKernel<DynamicTileMemory>)];
        foreach (Counters counters in new[] { forward, transposed })
        {
            CountedInstruction[] accesses = Accesses(counters);
            Assert.Contains(Hot(accesses), access => access.IsShared);
            Assert.All(accesses.Where(access => access.IsShared), HasNoConflict);
        }

        // Two vectors for four rows and two vectors' sums: eight wavefronts for 32 multiply-adds, and the tile's filling.
        KernelCounts counts = KernelCounts.Of(forward.Instructions);
        Assert.InRange((double)counts.Shared.Parts / counts.MultiplyAdds, 0.25, 0.45);
    }

    [Fact]
    public void Sddmm_reads_its_tile_without_conflicts_and_a_row_once_for_two_batches()
    {
        Counters counters = Products(256, 128)["SDDMM"][typeof(SddmmKernel<StaticSampleMemory>)];
        CountedInstruction[] accesses = Accesses(counters);
        Assert.Contains(Hot(accesses), access => access.IsShared);
        Assert.All(accesses.Where(access => access.IsShared), HasNoConflict);
        KernelCounts counts = KernelCounts.Of(counters.Instructions);
        Assert.InRange(counts.Shared.Parts / (double)counts.MultiplyAdds, 36 / 32.0, 1.25);
    }

    /// <summary>Twelve reads of four wavefronts each serve 128 multiply-adds; beside them the tile is filled.</summary>
    [Fact]
    public void Sddmm_of_quads_reads_its_tile_without_conflicts_and_each_column_for_four_rows()
    {
        Counters counters = Products(256, 128, sharing: RowQuads.Rows)["SDDMM"][typeof(SddmmQuadsKernel<DynamicSampleMemory>)];
        CountedInstruction[] accesses = Accesses(counters);
        Assert.Contains(Hot(accesses), access => access.IsShared);
        Assert.All(accesses.Where(access => access.IsShared), HasNoConflict);
        KernelCounts counts = KernelCounts.Of(counters.Instructions);
        Assert.InRange(counts.Shared.Parts / (double)counts.MultiplyAdds, 48 / 128.0, 0.5);
    }

    [Theory]
    [InlineData(GemmLayout.Normal)]
    [InlineData(GemmLayout.TransposedA)]
    [InlineData(GemmLayout.TransposedB)]
    public void Gemm_fills_and_reads_its_tiles_without_conflicts(GemmLayout layout)
    {
        const int Size = 128;
        PtxExecutor executor = new(counts: true);
        using GpuDevice device = PtxDevice.Create(executor);
        using Workspace workspace = new(device, poisoned: false);
        DeviceMatrix a = workspace.Dense(new Inputs(7).Matrix(Size, Size));
        DeviceMatrix b = workspace.Activations(new Inputs(8).Matrix(Size, Size));
        device.Gemm(layout, a, b, workspace.Activations(Size, Size), accumulate: false);

        CountedInstruction[] accesses = Accesses(Assert.Single(executor.TakeCounts()).Value);

        Assert.Contains(accesses, access => access.IsShared);
        Assert.All(accesses.Where(access => access.IsShared), HasNoConflict);
    }

    /// <summary>
    /// Prints a table of what it counts. PTX_TABLE_SIZE sets the size, a multiple of 64; at 1024 it takes half a minute. PTX_TABLE_ZEROS sets the
    /// percentage of zeros.
    /// </summary>
    [Fact]
    public void A_product_multiplies_and_adds_little_more_than_once_for_each_term()
    {
        int size = Setting("PTX_TABLE_SIZE", 256);
        Dictionary<string, IReadOnlyDictionary<Type, Counters>> products = Products(size, size);
        Dictionary<string, IReadOnlyDictionary<Type, Counters>> ofQuads = Products(size, size, RowQuads.Rows);
        TestContext.Current.TestOutputHelper!.WriteLine(Table(size, products));
        TestContext.Current.TestOutputHelper!.WriteLine("The same for rows that share their columns four by four:\n" + Table(size, ofQuads));
        double dense = (double)size * size * size;
        double sparse = dense * (100 - PercentZeros) / 100;
        Assert.InRange(MultiplyAdds(products["GEMM"]), dense, 1.01 * dense);

        // Rows are filled up to whole batches, and of random patterns there is no exact share of zeros.
        Assert.InRange(MultiplyAdds(products["SpMM"]), 0.95 * sparse, 1.3 * sparse);
        Assert.InRange(MultiplyAdds(products["SpMM, transposed"]), 0.95 * sparse, 1.3 * sparse);
        Assert.InRange(MultiplyAdds(ofQuads["SDDMM"]), 0.95 * sparse, 1.3 * sparse);
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Those of all lanes.</summary>
    private static double MultiplyAdds(IReadOnlyDictionary<Type, Counters> kernels) =>
        kernels.Values.SelectMany(counters => counters.Instructions).Where(one => one.IsMultiplyAdd).Sum(one => (double)one.Lanes);

    private static string Table(int size, Dictionary<string, IReadOnlyDictionary<Type, Counters>> products)
    {
        List<string> lines =
        [
            $"W {size} x {size}, {PercentZeros}% zeros, {size} tokens",
            "| product | kernel | instructions | multiply-adds | lanes | sectors | least | wavefronts | least |",
            "|---|---|---|---|---|---|---|---|---|",
        ];
        foreach ((string product, IReadOnlyDictionary<Type, Counters> kernels) in products)
        {
            foreach ((Type kernel, Counters counters) in kernels)
            {
                KernelCounts counts = KernelCounts.Of(counters.Instructions);
                lines.Add(
                    $"| {product} | {kernel.Name} | {counts.Instructions:N0} | {counts.MultiplyAdds:N0} | {counts.Lanes:F1} "
                    + $"| {counts.Global.Parts:N0} | {counts.Global.LeastParts:N0} | {counts.Shared.Parts:N0} | {counts.Shared.LeastParts:N0} |");
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>What the kernels of each product do with a weight of this size, of which so many rows share their columns.</summary>
    private static Dictionary<string, IReadOnlyDictionary<Type, Counters>> Products(int size, int tokens, int sharing = 1)
    {
        PtxExecutor executor = new(counts: true);
        using GpuDevice device = PtxDevice.Create(executor);
        using Workspace workspace = new(device, poisoned: false);
        Random random = new(1);
        bool[] keep = [.. Enumerable.Range(0, size / sharing * size).Select(_ => random.Next(100) >= PercentZeros)];
        CsrPattern csr = CsrPattern.FromMask(
            size, size, [.. Enumerable.Range(0, size * size).Select(place => keep[(place / size / sharing * size) + (place % size)])]);
        SparsePattern pattern = workspace.Pattern(csr);
        CsrMatrix weight = new(pattern, workspace.Buffer(new Inputs(3).Vector(csr.NonZeros)));
        DeviceMatrix x = workspace.Activations(new Inputs(4).Matrix(size, tokens));
        DeviceMatrix y = workspace.Activations(new Inputs(5).Matrix(size, tokens));
        DeviceMatrix dense = workspace.Dense(new Inputs(6).Matrix(size, size));
        Dictionary<string, IReadOnlyDictionary<Type, Counters>> counts = [];

        // Preparing a pattern has kernels of its own.
        executor.TakeCounts();
        device.Spmm(weight, x, y, null);
        counts.Add("SpMM", executor.TakeCounts());
        device.SpmmTransposed(weight, y, x, accumulate: false);
        counts.Add("SpMM, transposed", executor.TakeCounts());
        device.Sddmm(pattern, y, x, weight.Values, accumulate: false);
        counts.Add("SDDMM", executor.TakeCounts());
        if (sharing == 1)
        {
            device.Gemm(GemmLayout.Normal, dense, x, y, accumulate: false);
            counts.Add("GEMM", executor.TakeCounts());
        }

        return counts;
    }

    private static CountedInstruction[] Accesses(Counters counters) =>
        [.. counters.Instructions.Where(instruction => instruction.Accesses.Requests > 0)];

    /// <summary>Those of the innermost loops: not far behind the most executed one.</summary>
    private static CountedInstruction[] Hot(CountedInstruction[] accesses) =>
        [.. accesses.Where(access => access.Executions * 4 >= accesses.Max(other => other.Executions))];

    private static void HasNoConflict(CountedInstruction access) =>
        Assert.True(access.Accesses.Parts == access.Accesses.LeastParts, $"banks serve one word after the other: {access}");
}
