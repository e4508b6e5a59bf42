using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>A tiny run of three ranks, started by a launcher, whose processes can be killed, stopped and counted.</summary>
internal sealed partial class RankJob : IDisposable
{
    public const int Ranks = 3;

    /// <summary>In which all is over, from what ends a rank on.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ProgramProcess launcher;
    private readonly Process[] ranks;
    private readonly string folder;

    private RankJob(ProgramProcess launcher, Process[] ranks, string folder) => (this.launcher, this.ranks, this.folder) = (launcher, ranks, folder);

    /// <summary>The command line of a run.</summary>
    public static string[] Arguments(params string[] more) =>
    [
        "run", "CPU", "--params", "params.yaml", "--mode", "train", "--model_dir", "out", "--threads", "1", .. more,
    ];

    /// <summary>A tiny run whose batches three ranks can share.</summary>
    public static TinyRun Run(int checkpointSteps, int logSteps = 1)
    {
        TinyRun run = new(checkpointSteps, logSteps, "keep_checkpoint_max: 2");
        string path = Path.Combine(run.Location, "params.yaml");
        run.WriteFile("params.yaml", File.ReadAllText(path).Replace("batch_size: 4", "batch_size: 6", StringComparison.Ordinal));
        return run;
    }

    /// <summary>Starts it, and waits until the ranks know one another.</summary>
    public static Task<RankJob> StartAsync(MpiLauncher launcher, TinyRun run, params string[] more) => StartAsync(launcher, run, [], more);

    /// <summary>Starts it with other environment variables, and waits until the ranks know one another.</summary>
    public static async Task<RankJob> StartAsync(
        MpiLauncher launcher, TinyRun run, IEnumerable<(string Name, string Value)> environment, params string[] more)
    {
        RankJob job = await StartOnlyAsync(launcher, run, environment, more);
        await job.WaitForLineAsync($" {Ranks} ranks on 1 host");
        return job;
    }

    /// <summary>Starts it, and waits until there are processes.</summary>
    public static async Task<RankJob> StartOnlyAsync(
        MpiLauncher launcher, TinyRun run, IEnumerable<(string Name, string Value)> environment, params string[] more)
    {
        ProgramProcess process = launcher.Start(run.Location, Ranks, environment, Arguments(["--max_steps", "100000", .. more]));
        Process[] found = [];
        Stopwatch watch = Stopwatch.StartNew();
        while (found.Length < Ranks && !process.HasEnded && watch.Elapsed < Patience)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            found = [.. Enumerable.Range(0, Ranks).Select(rank => Find(run.Location, rank)).OfType<Process>()];
        }

        Assert.Equal(Ranks, found.Length);
        return new RankJob(process, found, run.Location);
    }

    /// <summary>Reads standard output up to a line.</summary>
    public Task<string> WaitForLineAsync(string text) => launcher.WaitForLineAsync(text);

    /// <summary>Whether the launcher has ended.</summary>
    public bool HasEnded => launcher.HasEnded;

    /// <summary>Kills a rank as the kernel does where memory is short.</summary>
    public void Kill(int rank) => ranks[rank].Kill();

    /// <summary>Stops a rank.</summary>
    public void Stop(int rank)
    {
        using Process kill = Process.Start("kill", ["-s", "STOP", $"{ranks[rank].Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Sends the launcher a signal.</summary>
    public Task SignalAsync(string signal) => launcher.SignalAsync(signal);

    /// <summary>Waits until the launcher, all ranks and whatever they have started are gone.</summary>
    public async Task<ProgramResult> EndAsync()
    {
        Stopwatch watch = Stopwatch.StartNew();
        ProgramResult result = await launcher.EndAsync();
        while ((ranks.Any(IsThere) || Find(folder, _ => true) is not null) && watch.Elapsed < Limit)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.True(watch.Elapsed < Limit, $"{ranks.Count(IsThere)} ranks are still there\n{result.Output}\n{result.Errors}");
        return result;
    }

    /// <summary>The lines that name a rank, which are this program's.</summary>
    public static string[] Told(ProgramResult result) =>
        [.. result.Errors.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => NamesRank().IsMatch(line))];

    public void Dispose()
    {
        foreach (Process rank in ranks)
        {
            rank.Kill();
            rank.Dispose();
        }

        launcher.Dispose();
    }

    [GeneratedRegex(@"^rank \d+ on host ")]
    private static partial Regex NamesRank();

    /// <summary>Whether a process runs; one that nobody has asked after since it ended does not.</summary>
    private static bool IsThere(Process process)
    {
        string path = $"/proc/{process.Id}/stat";
        try
        {
            return File.Exists(path) && !File.ReadAllText(path).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Process? Find(string folder, int rank) =>
        Find(folder, environment => environment.Any(set => set == $"OMPI_COMM_WORLD_RANK={rank}" || set == $"PMI_RANK={rank}"));

    /// <summary>A process of the runtime that works in a folder.</summary>
    private static Process? Find(string folder, Func<string[], bool> isWanted)
    {
        foreach (string path in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                if (new FileInfo($"{path}/cwd").LinkTarget == folder && File.ReadAllText($"{path}/comm").Trim() == "dotnet"
                    && isWanted(File.ReadAllText($"{path}/environ").Split('\0')))
                {
                    return Process.GetProcessById(int.Parse(Path.GetFileName(path)));
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It is gone, or not ours.
            }
        }

        return null;
    }
}
