using System.Diagnostics;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>What masks that move cost beside masks that do not, as a Markdown table.</summary>
/// <remarks>Static and moving masks take turns, step by step, so that both meet the same machine.</remarks>
internal static class DynamicTables
{
    /// <summary>The argument that makes this program train a model with moving masks and tell its peak memory.</summary>
    public const string MemoryArgument = "peak-memory-dynamic";

    private const double Mebibyte = 1 << 20;
    private const int Steps = 200;
    private const int Frequency = 100;
    private const int WarmUp = 5;

    private static readonly int[] Levels = [75, 90];
    private static readonly SparsityAlgorithm[] Algorithms = [SparsityAlgorithm.Gmp, SparsityAlgorithm.Set, SparsityAlgorithm.RigL];

    private static StepSize Size => StepSize.All[0];

    /// <summary>Times runs of 200 steps, with an update every 100 of them, and measures their memory.</summary>
    /// <param name="algorithms">Which; none for all.</param>
    public static void Print(params SparsityAlgorithm[] algorithms)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        double elements = Size.Plan(Levels[0]).Weights.Sum(weight => weight.Total);
        Console.WriteLine(Invariant($"{device.Description}; {Size}; {Steps} steps, masks updated every {Frequency}."));
        Console.WriteLine();
        Console.WriteLine(
            "| zeros | masks | static, ms a step | moving, ms a step | whole run | an update, ms | in steps | gradients of an update step, ms more | "
            + "peak memory beyond static, bytes a weight |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (int zeros in Levels)
        {
            double staticPeak = PeakMemory.Of(MemoryArgument, $"{zeros}", $"{SparsityAlgorithm.Static}");
            foreach (SparsityAlgorithm algorithm in algorithms.Length == 0 ? Algorithms : algorithms)
            {
                Times times = Measure(device, zeros, algorithm);
                double peak = PeakMemory.Of(MemoryArgument, $"{zeros}", $"{algorithm}");
                Console.WriteLine(
                    Invariant($"| {zeros}% | {algorithm} | {times.Static:F1} | {times.Moving:F1} | {times.Whole:F3} | {times.Update:F0} ")
                    + Invariant($"| {times.Update / times.Static:F1} | {times.Gradients:F0} ")
                    + Invariant($"| {(peak - staticPeak) / elements:F2} ({(peak - staticPeak) / Mebibyte:F0} MiB of {staticPeak / Mebibyte:F0}) |"));
            }
        }
    }

    /// <summary>The other end of the memory column: trains over an update and prints the bytes.</summary>
    public static void MeasureMemory(int zeros, SparsityAlgorithm algorithm)
    {
        using HostDevice device = HostDevice.Create(Environment.ProcessorCount);
        using StepUnderTest step = new(device, Size, zeros, dynamic: algorithm == SparsityAlgorithm.Static ? null : Dynamic(algorithm, zeros, 3));
        for (int i = 0; i < 5; i++)
        {
            step.RunToEnd();
            step.UpdateMasks();
        }

        PeakMemory.Tell();
    }

    private static Times Measure(HostDevice device, int zeros, SparsityAlgorithm algorithm)
    {
        using StepUnderTest still = new(device, Size, zeros);
        using StepUnderTest moving = new(device, Size, zeros, dynamic: Dynamic(algorithm, zeros, Frequency, WarmUp));
        for (int i = 0; i < WarmUp; i++)
        {
            still.RunToEnd();
            moving.RunToEnd();
            moving.UpdateMasks();
        }

        double[] stillTimes = new double[Steps];
        double[] movingTimes = new double[Steps];
        List<double> updates = [];
        List<double> updateSteps = [];
        for (int i = 0; i < Steps; i++)
        {
            stillTimes[i] = Milliseconds(still.RunToEnd);
            movingTimes[i] = Milliseconds(moving.RunToEnd);
            bool isDue = false;
            double update = Milliseconds(() => isDue = moving.UpdateMasks());
            if (isDue)
            {
                updates.Add(update);
                updateSteps.Add(movingTimes[i]);
            }
        }

        double median = Median(stillTimes);
        return new Times(
            stillTimes.Average(), (movingTimes.Sum() + updates.Sum()) / Steps, (movingTimes.Sum() + updates.Sum()) / stillTimes.Sum(),
            updates.Average(), updateSteps.Average() - median);
    }

    // GMP has to go from level to level, or there is nothing to do.
    private static DynamicSparsity Dynamic(SparsityAlgorithm algorithm, int zeros, int frequency, int offset = 0) => new(
        algorithm,
        algorithm == SparsityAlgorithm.Gmp
            ? new CyclingValue([zeros / 100.0, (zeros + 1) / 100.0, (zeros + 2) / 100.0])
            : new ConstantValue(zeros / 100.0),
        new ListedUpdates([0, .. Enumerable.Range(1, 20).Select(update => offset + (update * frequency))]),
        DynamicSparsity.DefaultDropFraction);

    private static double Milliseconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private readonly record struct Times(double Static, double Moving, double Whole, double Update, double Gradients);
}
