using System.Diagnostics;
using SparseEngine.Benchmarks;
using SparseEngine.Dataflow;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
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

    /// <summary>The three dense products of a layer of that size.</summary>
    public static void TimeDense(Timing timing, IlgpuDevice device, int rows, int columns, int tokens)
    {
        Random random = new(1);
        using DeviceBuffer<float> values = Operands.Random(device.Allocate<float>(checked(rows * columns)), random);
        DeviceMatrix weight = DeviceMatrix.Dense(values, rows, columns);
        DeviceMatrix x = Operands.Random(device.AllocateActivations(columns, tokens), random);
        DeviceMatrix y = Operands.Random(device.AllocateActivations(rows, tokens), random);
        string size = $"{rows}x{columns}";
        double flops = 2.0 * rows * columns * tokens;
        timing.Print("gemm", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.Normal, weight, x, y, accumulate: false)));
        timing.Print(
            "gemm_transposed", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.TransposedA, weight, y, x, accumulate: false)));
        timing.Print(
            "gemm_gradient", size, tokens, 0, flops, timing.Median(() => device.Gemm(GemmLayout.TransposedB, y, x, weight, accumulate: false)));
        x.Buffer.Dispose();
        y.Buffer.Dispose();
    }
}

/// <summary>The host's part of a launch.</summary>
internal static class Launches
{
    private const int Count = 2000;

    public static void Time(Timing timing, IlgpuDevice device)
    {
        DeviceMatrix y = device.AllocateActivations(1, 16);
        using DeviceBuffer<float> bias = device.Allocate<float>(1);
        double[] times = new double[5];
        for (int round = 0; round < times.Length; round++)
        {
            device.Wait();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Count; i++)
            {
                device.AddBias(y, bias);
            }

            times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / Count;
        }

        Array.Sort(times);
        timing.Print("launch", "1x16", 0, 0, 0, times[times.Length / 2]);
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
                string name = $"{size.Hidden}x{size.Filter}x{size.Heads}";
                timing.Print("step", name, size.Tokens, zeros, size.Flops(zeros).Executed, milliseconds, $"loss {step.Read():0.0000}");
                Profile profile = new();
                device.Profile = profile;
                step.Run();
                device.Profile = null;
                foreach (OperationTotal total in profile.Totals)
                {
                    timing.Print(
                        $"of_step {total.Name}", name, size.Tokens, zeros, total.Flops, total.Time.TotalMilliseconds, $"{total.Calls} calls");
                }
            }
        }
    }
}
