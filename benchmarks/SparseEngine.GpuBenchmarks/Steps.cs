using SparseEngine.Benchmarks;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.GpuBenchmarks;

/// <summary>Training steps of the sizes that the documentation speaks of.</summary>
internal static class Steps
{
    private static readonly int[] Zeros = [0, 50, 75, 90];

    public static void Time(Timing timing, IlgpuDevice device)
    {
        foreach (StepSize size in StepSize.All.Select(size => size with { BlockRows = timing.BlockRows }))
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
