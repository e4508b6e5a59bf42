using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks;

/// <summary>A whole training step of a GPT of four layers.</summary>
public class TrainingSteps
{
    private HostDevice device = null!;
    private StepUnderTest step = null!;

    /// <summary>The width of the model; the other sizes belong to it.</summary>
    [Params(512)]
    public int Hidden { get; set; }

    /// <summary>The share of zeros in the decoder's weights, in percent; 0 is a run without a sparsity section.</summary>
    [Params(0, 75, 90)]
    public int Zeros { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        device = HostDevice.Create(Environment.ProcessorCount);
        step = new StepUnderTest(device, SizeOf(Hidden), Zeros);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        step.Dispose();
        device.Dispose();
    }

    [Benchmark(Description = "training step")]
    public double Step()
    {
        step.Run();
        return step.Read();
    }

    internal static double Flops(BenchmarkCase benchmark) =>
        SizeOf((int)benchmark.Parameters[nameof(Hidden)]).Flops((int)benchmark.Parameters[nameof(Zeros)]).Executed;

    private static StepSize SizeOf(int hidden) => StepSize.All.Single(size => size.Hidden == hidden);
}
