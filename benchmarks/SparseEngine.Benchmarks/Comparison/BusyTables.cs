using static System.FormattableString;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>What is left of a run's speed while other processes spin on the same cores, beside its fair share, as a Markdown table.</summary>
internal static class BusyTables
{
    private static readonly int[] Hidden = [32, 256, 512];
    private static readonly int[] Others = [0, 1, 2, 4];

    /// <summary>Runs of one or more builds in turn.</summary>
    /// <param name="programs">The builds' sparse-engine: the one to look at, and those to compare it with.</param>
    /// <param name="hidden">The model's width; null for all.</param>
    public static void Print(string[] programs, int? hidden)
    {
        int cores = Environment.ProcessorCount;
        Console.WriteLine(Invariant($"{cores} cores. Tokens/s, and in brackets how many times the fair share of what the same program makes alone;"));
        Console.WriteLine("the last columns: alone, how many times as fast as the next build.");
        for (int i = 0; i < programs.Length; i++)
        {
            Console.WriteLine($"Build {i + 1}: {programs[i]}");
        }

        Console.WriteLine();
        Console.WriteLine("| hidden | threads | build | alone | 1 other | 2 others | 4 others | alone, over the next build |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (int width in Hidden.Where(width => hidden is null || width == hidden))
        {
            using TimedRun run = new(width);
            foreach (int threads in new[] { 1, cores })
            {
                double[][] speeds = [.. programs.Select(_ => new double[Others.Length])];
                for (int i = 0; i < Others.Length; i++)
                {
                    using Spinners spinners = new(Others[i]);
                    for (int build = 0; build < programs.Length; build++)
                    {
                        speeds[build][i] = run.TokensPerSecond(programs[build], threads);
                    }
                }

                for (int build = 0; build < programs.Length; build++)
                {
                    double[] row = speeds[build];
                    IEnumerable<string> cells = row.Skip(1).Select(
                        (speed, i) => Invariant($"{speed:N0} ({speed / (row[0] * FairShare(cores, threads, Others[i + 1])):F2})"));
                    string ratio = build + 1 < programs.Length ? Invariant($"{row[0] / speeds[build + 1][0]:F2}") : "";
                    Console.WriteLine(
                        Invariant($"| {width} | {threads} | {build + 1} | {row[0]:N0} | {string.Join(" | ", cells)} | {ratio} |"));
                }
            }
        }
    }

    /// <summary>What a scheduler that treats all threads alike leaves of the cores that a run has alone.</summary>
    private static double FairShare(int cores, int threads, int others) => Math.Min(1, (double)cores / (threads + others));
}
