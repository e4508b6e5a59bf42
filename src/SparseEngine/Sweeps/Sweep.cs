using SparseEngine.Configuration;
using SparseEngine.Files;

namespace SparseEngine.Sweeps;

/// <summary>
/// A grid of runs in a folder, done one after another, each in a folder of its own. It goes on where it was ended, however that was.
/// </summary>
public sealed class Sweep : IDisposable
{
    /// <summary>The configuration of a run in its folder.</summary>
    public const string RunFileName = RunFile.Name;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly SweepGrid grid;
    private readonly string directory;
    private readonly FolderHold hold;

    // A log is read once: a sweep may have a hundred, and tells of all of them after each run.
    private readonly Dictionary<string, SweepResult> ended = [];
    private SweepFolder folder;

    private Sweep(SweepGrid grid, string directory, FolderHold hold, SweepFolder folder)
    {
        this.grid = grid;
        this.directory = directory;
        this.hold = hold;
        this.folder = folder;
    }

    /// <summary>How many runs are done.</summary>
    public int DoneCount => folder.Done.Count;

    /// <summary>How many runs failed.</summary>
    public int FailedCount => folder.Failed.Count;

    /// <summary>Opens a folder for a sweep, which is new there or goes on.</summary>
    /// <param name="grid">The runs.</param>
    /// <param name="directory">The folder: new, empty, or that of the same sweep.</param>
    /// <exception cref="ConfigurationException">The folder holds something else, or another process sweeps there.</exception>
    /// <exception cref="OutputException">It cannot be written to.</exception>
    public static Sweep Open(SweepGrid grid, string directory)
    {
        ArgumentNullException.ThrowIfNull(grid);
        FolderHold hold = FolderHold.Take(directory, "the sweep's folder");
        try
        {
            return new Sweep(grid, directory, hold, FolderOf(grid, directory));
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Lets runs that failed be tried again.</summary>
    public void RetryFailed()
    {
        folder = folder with { Failed = new Dictionary<string, string>() };
        ended.Clear();
    }

    /// <summary>What a run has come to so far.</summary>
    public SweepResult ResultOf(SweepRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (!ended.TryGetValue(run.Name, out SweepResult? result))
        {
            result = folder.ResultOf(directory, run.Name);
            if (result.Status is SweepStatus.Done or SweepStatus.Failed)
            {
                ended.Add(run.Name, result);
            }
        }

        return result;
    }

    /// <summary>The folder of a run.</summary>
    public string FolderOf(SweepRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Path.Combine(directory, run.Name);
    }

    /// <summary>
    /// Does the runs that have not ended, until <paramref name="stop"/> asks for an end. After each, <c>sweep.csv</c> has what all have come to.
    /// </summary>
    /// <param name="launch">
    /// Does one run in its folder, where its configuration lies as <see cref="RunFileName"/>, and stops it where it is asked to. What it throws ends
    /// the sweep: a run's own failure is its <see cref="RunEnd.Error"/>.
    /// </param>
    /// <param name="observer">Follows the sweep.</param>
    /// <param name="stop">Asks for an end.</param>
    /// <exception cref="OutputException">What the sweep itself keeps cannot be written.</exception>
    public void Execute(Func<SweepRun, CancellationToken, RunEnd> launch, ISweepObserver observer, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(launch);
        ArgumentNullException.ThrowIfNull(observer);
        Keep();
        foreach (SweepRun run in grid.Runs.Where(run => !folder.Done.Contains(run.Name) && !folder.Failed.ContainsKey(run.Name)).ToList())
        {
            if (stop.IsCancellationRequested)
            {
                return;
            }

            if (!IsFree(run, observer, stop))
            {
                return;
            }

            RunFile.WriteForStart(run, FolderOf(run));
            observer.OnRunStarted(run);
            RunEnd end = launch(run, stop);
            if (end.Error is { } error)
            {
                folder = folder with { Failed = new Dictionary<string, string>(folder.Failed) { [run.Name] = OneLine.Of(error) } };
            }
            else if (!end.IsStopped)
            {
                folder = folder with { Done = [.. folder.Done, run.Name] };
            }

            RunFile.WriteForAnother(run, FolderOf(run));
            Keep();
            observer.OnRunEnded(run, ResultOf(run));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => hold.Dispose();

    private static SweepFolder FolderOf(SweepGrid grid, string directory)
    {
        if (SweepFolder.Exists(directory))
        {
            SweepFolder folder = SweepFolder.Read(directory);
            return folder.Definition.DifferenceFrom(grid.Definition) is { } difference
                ? throw new ConfigurationException(
                    OneLine.Of($"{directory}: holds another sweep: {difference}; valid: the command that it began with, or another folder"))
                : folder;
        }

        string? other = Directory.EnumerateFileSystemEntries(directory)
            .Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)
            .FirstOrDefault(name => !FolderHold.IsOwn(name) && !name.StartsWith($".{SweepFolder.FileName}", StringComparison.Ordinal));
        return other is null
            ? new SweepFolder { Definition = grid.Definition }
            : throw new ConfigurationException(
                OneLine.Of(
                    $"{directory}: holds something else than a sweep, such as {other}; valid: a new or empty folder, or that of the same sweep"));
    }

    private void Keep()
    {
        folder.Write(directory);
        SweepTable.Write(directory, folder.Definition, [.. grid.Runs.Select(ResultOf)]);
    }

    /// <summary>Waits until a run of a sweep that was killed has noticed it, and has written its checkpoint.</summary>
    private bool IsFree(SweepRun run, ISweepObserver observer, CancellationToken stop)
    {
        string runFolder = FolderOf(run);
        for (bool isFirst = true; Directory.Exists(runFolder); isFirst = false)
        {
            using FolderHold? hold = FolderHold.TryTakeBriefly(runFolder);
            if (hold is not null)
            {
                return true;
            }

            if (isFirst)
            {
                observer.OnRunInUse(run);
            }

            if (stop.WaitHandle.WaitOne(Pause))
            {
                return false;
            }
        }

        return true;
    }
}
