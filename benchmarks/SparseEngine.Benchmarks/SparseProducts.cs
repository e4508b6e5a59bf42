using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Benchmarks;

/// <summary>The three sparse products of a layer, W 2048 x 512, 512 tokens.</summary>
public class SparseProducts
{
    private const int Output = 2048;
    private const int Input = 512;
    private const int Tokens = 512;

    private ComputeDevice device = null!;
    private CsrMatrix weight;
    private DeviceBuffer<float> gradient = null!;
    private DeviceMatrix x;
    private DeviceMatrix y;
    private DeviceMatrix dx;

    /// <summary>The share of zeros, in percent.</summary>
    [Params(0, 50, 75, 90)]
    public int Zeros { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1234);
        device = HostDevice.Create(Environment.ProcessorCount);
        bool[] keep = new bool[Output * Input];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = random.Next(100) >= Zeros;
        }

        CsrPattern csr = CsrPattern.FromMask(Output, Input, keep);
        SparsePattern pattern = device.Prepare(
            csr, RowPartition.EqualNonZeros(csr.RowPointers, device.Cores), RowPartition.EqualNonZeros(csr.ColumnPointers(), device.Cores));
        weight = new CsrMatrix(pattern, Operands.Random(device.Allocate<float>(csr.NonZeros), random));
        gradient = device.Allocate<float>(csr.NonZeros);
        x = Operands.Random(device.AllocateActivations(Input, Tokens), random);
        y = Operands.Random(device.AllocateActivations(Output, Tokens), random);
        dx = device.AllocateActivations(Input, Tokens);
    }

    [GlobalCleanup]
    public void Cleanup() => device.Dispose();

    [Benchmark(Description = "SpMM")]
    public void Spmm() => device.Spmm(weight, x, y, null);

    [Benchmark(Description = "transposed SpMM")]
    public void SpmmTransposed() => device.SpmmTransposed(weight, y, dx, accumulate: false);

    [Benchmark(Description = "SDDMM")]
    public void Sddmm() => device.Sddmm(weight.Pattern, y, x, gradient, accumulate: false);

    internal static double Flops(BenchmarkCase benchmark) =>
        2.0 * Output * Input * Tokens * (100 - (int)benchmark.Parameters[nameof(Zeros)]) / 100;
}
