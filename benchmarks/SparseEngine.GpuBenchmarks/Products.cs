using SparseEngine.Benchmarks;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.GpuBenchmarks;

/// <summary>The three sparse products of a layer, with random zeros.</summary>
internal static class Products
{
    public static void Time(Timing timing, IlgpuDevice device, int rows, int columns, int tokens, int zeros)
    {
        Random random = new(1);
        bool[] keep = new bool[checked(rows * columns)];
        for (int i = 0; i < keep.Length; i++)
        {
            keep[i] = random.Next(100) >= zeros;
        }

        using SparsePattern pattern = new DataflowScheduler(device).Schedule(CsrPattern.FromMask(rows, columns, keep));
        using DeviceBuffer<float> values = Operands.Random(device.Allocate<float>(pattern.Csr.NonZeros), random);
        using DeviceBuffer<float> gradient = device.Allocate<float>(pattern.Csr.NonZeros);
        CsrMatrix weight = new(pattern, values);
        DeviceMatrix x = Operands.Random(device.AllocateActivations(columns, tokens), random);
        DeviceMatrix y = Operands.Random(device.AllocateActivations(rows, tokens), random);
        string size = $"{rows}x{columns}";
        double flops = 2.0 * pattern.Csr.NonZeros * tokens;
        timing.Print("spmm", size, tokens, zeros, flops, timing.Median(() => device.Spmm(weight, x, y, null)));
        timing.Print("spmm_transposed", size, tokens, zeros, flops, timing.Median(() => device.SpmmTransposed(weight, y, x, accumulate: false)));
        timing.Print("sddmm", size, tokens, zeros, flops, timing.Median(() => device.Sddmm(pattern, y, x, gradient, accumulate: false)));
        x.Buffer.Dispose();
        y.Buffer.Dispose();
    }
}

/// <summary>Training steps of the sizes that the documentation speaks of.</summary>
internal static class Steps
{
    private static readonly int[] Zeros = [0, 50, 75, 90];

    public static void Time(Timing timing, IlgpuDevice device)
    {
        foreach (StepSize size in StepSize.All)
        {
            foreach (int zeros in Zeros)
            {
                using StepUnderTest step = new(device, size, zeros);
                double milliseconds = timing.Median(step.Run);
                timing.Print("step", $"{size.Hidden}x{size.Filter}x{size.Heads}", size.Tokens, zeros, size.Flops(zeros).Executed, milliseconds, $"loss {step.Read():0.0000}");
            }
        }
    }
}
