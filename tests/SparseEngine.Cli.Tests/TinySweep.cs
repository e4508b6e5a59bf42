using System.Diagnostics;
using System.Globalization;

namespace SparseEngine.Cli.Tests;

/// <summary>Sweeps of a <see cref="TinyRun"/> into the folder <c>grid</c>, and what lies there.</summary>
internal static class TinySweep
{
    /// <summary>Options of all of them: which products are faster is measured, and changes the operations executed.</summary>
    public static readonly string[] Fixed = ["--threads", "1", "--sparse_products", "sparse"];

    /// <summary>The whole path of something in the sweep's folder.</summary>
    public static string PathIn(TinyRun run, params string[] names) => Path.Combine([run.Location, "grid", .. names]);

    /// <summary>The line that sweeps.</summary>
    public static string[] Arguments(string[] options) => ["sweep", "--params", "params.yaml", "-o", "grid", .. Fixed, .. options];

    /// <summary>Sweeps to the end.</summary>
    public static Task<ProgramResult> SweepAsync(TinyRun run, string[] options) => ProgramProcess.RunAsync(run.Location, Arguments(options));

    /// <summary>A number of the table.</summary>
    public static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>The process that trains in a run's folder, which says so itself.</summary>
    public static Process RunOf(TinyRun run, string name) =>
        Process.GetProcessById(int.Parse(File.ReadAllText(PathIn(run, name, ".run.owner")).Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>Waits until a run has logged so many lines.</summary>
    public static async Task WaitForStepAsync(TinyRun run, string name, int steps)
    {
        string path = PathIn(run, name, "metrics.jsonl");
        for (int attempt = 0; attempt < 18_000; attempt++)
        {
            if (File.Exists(path))
            {
                using StreamReader log = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
                if ((await log.ReadToEndAsync()).Count(character => character == '\n') >= steps)
                {
                    return;
                }
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"{path} has never had {steps} lines");
    }

    /// <summary>The table without what differs from time to time.</summary>
    public static IEnumerable<string> WithoutTimes(TinyRun run) =>
        Table(run).Select(row => string.Join(',', row.Where(cell => cell.Key != "seconds").Select(cell => cell.Value)));

    /// <summary>The rows of sweep.csv by the names of its columns.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Table(TinyRun run)
    {
        string[][] rows = [.. File.ReadLines(PathIn(run, "sweep.csv")).Select(Cells)];
        return [.. rows.Skip(1).Select(row => rows[0].Zip(row).ToDictionary(cell => cell.First, cell => cell.Second))];
    }

    private static string[] Cells(string line)
    {
        List<string> cells = [""];
        bool isQuoted = false;
        foreach (char character in line)
        {
            isQuoted ^= character == '"';
            if (character == ',' && !isQuoted)
            {
                cells.Add("");
            }
            else if (character != '"')
            {
                cells[^1] += character;
            }
        }

        return [.. cells];
    }
}
