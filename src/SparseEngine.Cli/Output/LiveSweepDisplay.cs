using SparseEngine.Sweeps;
using Spectre.Console;
using Spectre.Console.Rendering;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>A table of the runs around the one at hand with the line that it said last, redrawn in place.</summary>
internal sealed class LiveSweepDisplay : SweepDisplay
{
    /// <summary>Often enough to read, seldom enough to leave the cores to the run.</summary>
    private static readonly TimeSpan RefreshRate = TimeSpan.FromMilliseconds(250);

    /// <summary>What stands around the rows: the heading, counts, the newest line, and the prompt.</summary>
    private const int OtherLines = 9;

    private const int FewestRows = 4;

    private readonly SweepResult[] results;
    private readonly Lock gate = new();
    private LiveDisplayContext? context;
    private SweepRun? current;
    private string line = "";
    private DateTime shown;

    public LiveSweepDisplay(Terminal terminal, SweepGrid grid, Sweep sweep)
        : base(terminal, grid) => results = [.. grid.Runs.Select(sweep.ResultOf)];

    /// <inheritdoc/>
    public override void Show(Action body) => Terminal.WhileLive(() => Terminal.Screen
        .Live(Content())
        .AutoClear(true)
        .Start(running =>
        {
            context = running;
            body();
            return 0;
        }));

    /// <inheritdoc/>
    public override void OnRunStarted(SweepRun run) => Update(() => (current, line) = (run, ""));

    /// <inheritdoc/>
    public override void OnRunEnded(SweepRun run, SweepResult result) => Update(() =>
    {
        results[Grid.Runs.IndexOf(run)] = result;
        (current, line) = (null, "");
    });

    /// <inheritdoc/>
    public override void OnRunLine(string line)
    {
        lock (gate)
        {
            this.line = line;
            if (DateTime.UtcNow - shown < RefreshRate)
            {
                return;
            }
        }

        Update(() => { });
    }

    private void Update(Action change)
    {
        lock (gate)
        {
            change();
            shown = DateTime.UtcNow;
            context?.UpdateTarget(Content());
        }
    }

    private Rows Content()
    {
        int at = current is null ? Math.Max(0, Array.FindLastIndex(results, result => result.Status is SweepStatus.Done or SweepStatus.Failed))
            : Grid.Runs.IndexOf(current);
        int rows = Math.Max(FewestRows, Terminal.Screen.Profile.Height - OtherLines);
        int first = Math.Clamp(at - (rows / 2), 0, Math.Max(0, results.Length - rows));
        ColumnTable table = SweepTableView.Empty();
        for (int index = first; index < Math.Min(results.Length, first + rows); index++)
        {
            SweepRun run = Grid.Runs[index];
            string status = run == current ? "running" : results[index].Status.ToString().ToLowerInvariant();
            SweepTableView.Add(table, run, results[index], status);
        }

        int done = results.Count(result => result.Status == SweepStatus.Done);
        int failed = results.Count(result => result.Status == SweepStatus.Failed);
        string counts = Invariant($"{done} of {results.Length} runs done{(failed > 0 ? Invariant($", {failed} failed") : "")}");
        IRenderable[] lines = [table, new Text(counts), new Text(current is null ? "" : Terminal.Plain($"{PlaceOf(current)}  {line}"))];
        return new Rows(lines);
    }
}
