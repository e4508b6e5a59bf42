using System.Diagnostics;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// Times several ways of doing the same in turn, round after round, so that a machine whose speed changes is as slow for one as for the others.
/// </summary>
internal static class Rounds
{
    /// <summary>Steps of each, unless said otherwise.</summary>
    public const int CountOfSteps = 7;

    private const int Count = 15;

    // Short operations are repeated until a clock that ticks in nanoseconds and a scheduler that interrupts in milliseconds see the same.
    private const double ShortestSeconds = 0.008;

    // Threads that were just woken may share a core until the scheduler's next ticks.
    private const double WarmUpSeconds = 0.03;

    /// <summary>The median seconds of one call of each operation.</summary>
    public static double[] Medians(params Action[] operations) =>
        Medians(operations.Select(operation => (Func<double>)(() => Sample(operation))).ToArray());

    /// <summary>The medians of several clocks that are read in turn, after a round in which code is compiled.</summary>
    /// <param name="samples">Each gives seconds.</param>
    public static double[] Medians(params Func<double>[] samples)
    {
        Array.ForEach(samples, sample => sample());
        return Medians(Count, samples);
    }

    /// <summary>The median seconds of one step of each of several models, after one step that warms up.</summary>
    public static double[] MediansOfSteps(params Action[] steps) => MediansOfSteps(CountOfSteps, steps);

    /// <summary>The same over another number of rounds.</summary>
    public static double[] MediansOfSteps(int rounds, params Action[] steps)
    {
        Array.ForEach(steps, step => step());
        return Medians(rounds, [.. steps.Select(step => (Func<double>)(() => Time(step, 1)))]);
    }

    private static double[] Medians(int count, Func<double>[] samples)
    {
        double[][] times = [.. samples.Select(_ => new double[count])];
        for (int round = 0; round < count; round++)
        {
            for (int i = 0; i < samples.Length; i++)
            {
                times[i][round] = samples[i]();
            }
        }

        return [.. times.Select(Median)];
    }

    /// <summary>Seconds of one call, after as many as it takes to warm up caches, wake threads and have each on a core of its own.</summary>
    public static double Sample(Action operation)
    {
        long start = Stopwatch.GetTimestamp();
        int warmUps = 0;
        do
        {
            operation();
            warmUps++;
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds);

        double once = Stopwatch.GetElapsedTime(start).TotalSeconds / warmUps;
        return Time(operation, Math.Max(1, (int)Math.Ceiling(ShortestSeconds / once)));
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }

    private static double Time(Action operation, int repetitions)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            operation();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / repetitions;
    }
}
