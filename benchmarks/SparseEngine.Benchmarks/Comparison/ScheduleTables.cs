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
    // The first compiles code; the last ones tell what lies between loops, which caches that are emptied would lengthen.
    private const int CountOfSteps = 8;
    private const int LastSteps = 3;
    private const string Between = "between loops";

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
        Console.WriteLine("these; work is the time of all parts over that of one worker's. What lies between loops is serial.");
        Console.WriteLine();
        Console.WriteLine("| operation | share of a step, 1 worker | parts of a loop | sharers | imbalance | work | speed-up |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach ((string name, Total total) in totals.Where(pair => pair.Key != Between).OrderByDescending(pair => alone[pair.Key].Work))
        {
            long before = alone[name].Work;
            Console.WriteLine(
                Invariant($"| {name} | {100.0 * before / step:F1}% | {total.Parts / (double)total.Loops:F0} ")
                + Invariant($"| {total.Sharers / (double)total.Loops:F0} ")
                + Invariant($"| {total.Makespan / total.Even:F2} | {total.Work / (double)alone[name].Work:F2} ")
                + Invariant($"| {before / (double)total.Makespan:F1} |"));
        }

        double outside = alone[Between].Outside;
        double whole = totals.Values.Sum(total => (double)total.Makespan) + outside;
        Console.WriteLine(Invariant($"| {Between} | {100 * outside / step:F2}% | | | | | |"));
        Console.WriteLine(
            Invariant($"| **step** | 100% | | | {totals.Values.Sum(total => total.Makespan) / totals.Values.Sum(total => total.Even):F2} ")
            + Invariant($"| {totals.Values.Sum(total => total.Work) / (double)alone.Values.Sum(total => total.Work):F2} ")
            + Invariant($"| {step / whole:F1} |"));
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
        long look = ThreadClock.Look();
        byte[] other = new byte[2 * CacheSizes.Level2];
        for (int i = 0; i < CountOfSteps; i++)
        {
            List<LoopRecord> loops = [];
            operations.Clear();
            profile = new Profile();
            device.Profile = profile;
            long emptying = 0;
            bool isLast = i >= CountOfSteps - LastSteps;
            device.Pool.Recorder = new LoopRecorder(() => emptying += isLast ? 0 : EmptyCaches(other), ThreadClock.Now, loop =>
            {
                loops.Add(loop);
                operations.Add(profile.Calls.Count);
            });
            long start = ThreadClock.Now();
            step.Run();
            step.Read();
            long whole = ThreadClock.Now() - start - emptying;
            if (isLast)
            {
                // Between two parts' times lies that of a look at the clock.
                outside = Math.Min(outside, whole - loops.Sum(loop => loop.Times.Sum() + (loop.Times.Length * look)));
            }
            else if (i > 0)
            {
                least = i == 1 ? loops : [.. least.Zip(loops, (one, again) => one.Least(again))];
            }
        }

        Dictionary<string, Total> totals = [];
        for (int i = 0; i < least.Count; i++)
        {
            // Loops before the step's first operation, which has one of its own, clear the gradients.
            bool isBefore = operations[i] == 0 && i + 1 < least.Count && operations[i + 1] == 0;
            string name = isBefore ? "clearing gradients" : profile.Calls[Math.Min(operations[i], profile.Calls.Count - 1)].Name;
            int place = 1;
            while (place <= i && operations[i - place] == operations[i] && !isBefore)
            {
                place++;
            }

            name = operations[i] > 0 && place > 1 ? $"{name}, loop {place}" : name;
            totals.TryAdd(name, new Total());
            totals[name].Add(least[i]);
        }

        totals.Add(Between, new Total { Outside = outside });
        return totals;
    }

    /// <summary>Each part begins with what another core finds in its own caches: nothing of it, where one core had all of the parts before.</summary>
    /// <returns>Nanoseconds.</returns>
    private static long EmptyCaches(byte[] other)
    {
        long start = ThreadClock.Now();
        for (int i = 0; i < other.Length; i += 64)
        {
            other[i]++;
        }

        return ThreadClock.Now() - start;
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
