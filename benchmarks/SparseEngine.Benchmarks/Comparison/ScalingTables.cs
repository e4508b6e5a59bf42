using System.Diagnostics;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Each operation of a step, and the whole step, on one, two and more threads, as Markdown tables.</summary>
internal static class ScalingTables
{
    private const string Step = "**step**";
    private const string Between = "between operations";
    private const int CountOfRounds = 7;

    /// <summary>
    /// Speed-up over one thread, and the serial fraction that it tells of: (1/S - 1/p) / (1 - 1/p) for a speed-up S of p threads (Karp and Flatt,
    /// 1990).
    /// </summary>
    /// <param name="zeros">The share of zeros, in percent.</param>
    public static void Print(int zeros)
    {
        int[] threads = Threads(Environment.ProcessorCount);
        foreach (StepSize size in StepSize.All)
        {
            HostDevice[] devices = [.. threads.Select(count => HostDevice.Create(count))];
            StepUnderTest[] steps = [.. devices.Select(device => new StepUnderTest(device, size, zeros))];
            Dictionary<string, double>[] times = Measure(devices, steps);
            Console.WriteLine($"{devices[^1].Description}; {size}, {zeros}% zeros.");
            Console.WriteLine();
            string columns = string.Join(" | ", threads.Skip(1).Select(count => $"{count} threads"));
            Console.WriteLine($"| operation | ms, 1 thread | share | {columns} | serial |");
            Console.WriteLine($"|---|---|---|---|{string.Concat(threads.Skip(1).Select(_ => "---|"))}");
            foreach ((string name, double alone) in times[0].OrderByDescending(pair => pair.Value))
            {
                double[] speedUps = [.. times.Skip(1).Select(time => alone / time.GetValueOrDefault(name, alone))];
                string serial = speedUps.Length == 0 ? "" : Invariant($"{100 * KarpFlatt(speedUps[^1], threads[^1]):F1}%");
                Console.WriteLine(
                    Invariant($"| {name} | {1000 * alone:F2} | {100 * alone / times[0][Step]:F1}% ")
                    + $"| {string.Join(" | ", speedUps.Select(value => Invariant($"{value:F2}")))} | {serial} |");
            }

            Console.WriteLine();
            Array.ForEach(steps, step => step.Dispose());
            Array.ForEach(devices, device => device.Dispose());
        }
    }

    /// <summary>Medians of the seconds that each operation takes in a step, by name.</summary>
    private static Dictionary<string, double>[] Measure(HostDevice[] devices, StepUnderTest[] steps)
    {
        Dictionary<string, List<double>>[] samples = [.. devices.Select(_ => new Dictionary<string, List<double>>())];
        for (int round = -1; round < CountOfRounds; round++)
        {
            for (int i = 0; i < devices.Length; i++)
            {
                Profile profile = new();
                devices[i].Profile = profile;
                long start = Stopwatch.GetTimestamp();
                steps[i].Run();
                steps[i].Read();
                double whole = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (round < 0)
                {
                    continue;
                }

                foreach (OperationTotal total in profile.Totals)
                {
                    Add(samples[i], total.Name, total.Time.TotalSeconds);
                }

                Add(samples[i], Step, whole);
                Add(samples[i], Between, whole - profile.Totals.Sum(total => total.Time.TotalSeconds));
            }
        }

        return [.. samples.Select(of => of.ToDictionary(pair => pair.Key, pair => pair.Value.Order().ElementAt(pair.Value.Count / 2)))];

        static void Add(Dictionary<string, List<double>> to, string name, double seconds)
        {
            if (!to.TryGetValue(name, out List<double>? list))
            {
                to.Add(name, list = []);
            }

            list.Add(seconds);
        }
    }

    private static double KarpFlatt(double speedUp, int threads) => ((1 / speedUp) - (1.0 / threads)) / (1 - (1.0 / threads));

    /// <summary>1, 2, 4 and so on, and all.</summary>
    private static int[] Threads(int all)
    {
        List<int> counts = [];
        for (int count = 1; count < all; count *= 2)
        {
            counts.Add(count);
        }

        return [.. counts, all];
    }
}
