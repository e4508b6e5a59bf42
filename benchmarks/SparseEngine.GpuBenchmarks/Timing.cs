using System.Text.Json;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.GpuBenchmarks;

/// <summary>Times queued operations by the device's own clock and prints medians.</summary>
/// <param name="device">The device.</param>
/// <param name="runs">Timed runs.</param>
/// <param name="blockRows">Rows of a weight that share their zeros.</param>
internal sealed class Timing(IlgpuDevice device, int runs, int blockRows)
{
    private const int WarmUps = 3;

    /// <summary>Rows of a weight that share their zeros.</summary>
    public int BlockRows => blockRows;

    /// <summary>The median time of an operation, in milliseconds.</summary>
    public double Median(Action operation)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            operation();
        }

        double[] times = [.. Enumerable.Range(0, runs).Select(_ => device.Measure(operation).TotalMilliseconds)];
        Array.Sort(times);
        return times[runs / 2];
    }

    /// <summary>Prints a line.</summary>
    /// <param name="operation">spmm, spmm_transposed, sddmm, step, or device.</param>
    /// <param name="size">The weight's or the model's size.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="zeros">Zeros in percent.</param>
    /// <param name="flops">Floating-point operations executed.</param>
    /// <param name="milliseconds">The median time.</param>
    /// <param name="note">Anything else.</param>
    public void Print(string operation, string size, int tokens, int zeros, double flops, double milliseconds, string note = "") =>
        Console.WriteLine(JsonSerializer.Serialize(new { operation, size, tokens, zeros, block_rows = blockRows, flops, milliseconds, note }));
}
