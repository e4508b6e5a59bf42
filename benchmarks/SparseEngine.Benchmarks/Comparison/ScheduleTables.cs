using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>
/// The schedule of a step for more workers than this machine has cores, as Markdown tables: the pool cuts and shares out each loop for all of them,
/// one thread does the parts and times each by what it has of a core, and the workers' claims are played through with these times.
/// </summary>
internal static class ScheduleTables
{
    private const int CountOfSteps = 4;

    /// <summary>Prints them for some numbers of workers.</summary>
    /// <param name="workers">The numbers.</param>
    /// <param name="zeros">The share of zeros, in percent.</param>
    public static void Print(int[] workers, int zeros)
    {
        foreach (StepSize size in StepSize.All)
        {
            Dictionary<string, Total> alone = Totals(1, size, zeros);
            foreach (int count in workers)
            {
                Dictionary<string, Total> totals = Totals(count, size, zeros);
                Print($"{size}, {zeros}% zeros, {count} workers", count, alone, totals);
            }
        }
    }

    private static void Print(string title, int workers, Dictionary<string, Total> alone, Dictionary<string, Total> totals)
    {
        long step = alone.Values.Sum(total => total.Work + total.Outside);
        Console.WriteLine($"{title}. A loop has parts and workers that share it; imbalance is its time over that of its parts spread evenly over");
        Console.WriteLine("these; work is the time of all parts over that of one worker's; speed-up counts all, serial what no loop holds.");
        Console.WriteLine();
        Console.WriteLine("| operation | share of a step, 1 worker | parts of a loop | sharers | imbalance | work | speed-up | serial |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach ((string name, Total total) in totals.OrderByDescending(pair => alone[pair.Key].Work))
        {
            long before = alone[name].Work + alone[name].Outside;
            Console.WriteLine(
                Invariant($"| {name} | {100.0 * before / step:F1}% | {total.Parts / (double)total.Loops:F0} ")
                + Invariant($"| {total.Sharers / (double)total.Loops:F0} ")
                + Invariant($"| {total.Makespan / total.Even:F2} | {total.Work / (double)alone[name].Work:F2} ")
                + Invariant($"| {before / (double)(total.Makespan + total.Outside):F1} | {100.0 * total.Outside / before:F2}% |"));
        }

        double whole = totals.Values.Sum(total => (double)total.Makespan + total.Outside);
        double outside = totals.Values.Sum(total => (double)total.Outside);
        Console.WriteLine(
            Invariant($"| **step** | 100% | | | {totals.Values.Sum(total => total.Makespan) / totals.Values.Sum(total => total.Even):F2} ")
            + Invariant($"| {totals.Values.Sum(total => total.Work) / (double)alone.Values.Sum(total => total.Work):F2} ")
            + Invariant($"| {step / whole:F1} | {100 * outside / step:F2}% |"));
        Console.WriteLine();
        Console.WriteLine(Invariant($"{100 * step / whole / workers:F0}% of the ideal speed-up, before what starting loops costs."));
        Console.WriteLine();
    }

    /// <summary>The times of each operation in a step; of each part the least of some steps, since other processes lengthen some.</summary>
    private static Dictionary<string, Total> Totals(int workers, StepSize size, int zeros)
    {
        using HostDevice device = HostDevice.Create(workers);
        using StepUnderTest step = new(device, size, zeros);
        List<LoopRecord> least = [];
        List<int> operations = [];
        Profile profile = new();
        long outside = long.MaxValue;
        for (int i = 0; i < CountOfSteps; i++)
        {
            List<LoopRecord> loops = [];
            operations.Clear();
            profile = new Profile();
            device.Profile = profile;
            device.Pool.Recorder = new LoopRecorder(ThreadClock.Now, loop =>
            {
                loops.Add(loop);
                operations.Add(profile.Calls.Count);
            });
            long start = ThreadClock.Now();
            step.Run();
            step.Read();
            long whole = ThreadClock.Now() - start;
            if (i == 0)
            {
                // Code is compiled.
                continue;
            }

            outside = Math.Min(outside, whole - loops.Sum(loop => loop.Times.Sum()));
            least = i == 1 ? loops : [.. least.Zip(loops, (one, other) => one.Least(other))];
        }

        Dictionary<string, Total> totals = [];
        for (int i = 0; i < least.Count; i++)
        {
            // Loops before the step's first operation, which has one of its own, clear the gradients.
            bool isBefore = operations[i] == 0 && i + 1 < least.Count && operations[i + 1] == 0;
            string name = isBefore ? "clearing gradients" : profile.Calls[Math.Min(operations[i], profile.Calls.Count - 1)].Name;
            totals.TryAdd(name, new Total());
            totals[name].Add(least[i]);
        }

        totals.TryAdd("between loops", new Total { Loops = 1, Parts = 1, Sharers = 1, Even = 1, Makespan = 1, Work = 1 });
        totals["between loops"].Outside = outside;
        return totals;
    }

    private sealed class Total
    {
        public int Loops { get; set; }

        public long Parts { get; set; }

        public long Sharers { get; set; }

        public long Work { get; set; }

        public long Makespan { get; set; }

        public double Even { get; set; }

        public long Outside { get; set; }

        public void Add(in LoopRecord loop)
        {
            long work = loop.Times.Sum();
            Loops++;
            Parts += loop.Times.Length;
            Sharers += loop.Sharers;
            Work += work;
            Makespan += SimulatedWorkers.Makespan(loop);
            Even += (double)work / loop.Sharers;
        }
    }
}
