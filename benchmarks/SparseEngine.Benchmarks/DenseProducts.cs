using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks;

/// <summary>The three dense products of the same layer: what the sparse ones are measured against.</summary>
public class DenseProducts
{
    private const int Output = 2048;
    private const int Input = 512;
    private const int Tokens = 512;

    private ComputeDevice device = null!;
    private DeviceMatrix weight;
    private DeviceMatrix x;
    private DeviceMatrix y;
    private DeviceMatrix dx;

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1234);
        device = HostDevice.Create(Environment.ProcessorCount);
        weight = Operands.Random(DeviceMatrix.Dense(device.Allocate<float>(Output * Input), Output, Input), random);
        x = Operands.Random(device.AllocateActivations(Input, Tokens), random);
        y = Operands.Random(device.AllocateActivations(Output, Tokens), random);
        dx = device.AllocateActivations(Input, Tokens);
    }

    [GlobalCleanup]
    public void Cleanup() => device.Dispose();

    [Benchmark(Description = "GEMM W x")]
    public void Forward() => device.Gemm(GemmLayout.Normal, weight, x, y, accumulate: false);

    [Benchmark(Description = "GEMM W^T dy")]
    public void InputGradient() => device.Gemm(GemmLayout.TransposedA, weight, y, dx, accumulate: false);

    [Benchmark(Description = "GEMM dy x^T")]
    public void WeightGradient() => device.Gemm(GemmLayout.TransposedB, y, x, weight, accumulate: false);

    internal static double Flops(BenchmarkCase _) => 2.0 * Output * Input * Tokens;
}
