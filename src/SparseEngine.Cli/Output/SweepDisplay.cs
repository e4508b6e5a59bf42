using SparseEngine.Metrics;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>Shows a sweep as it goes.</summary>
internal abstract class SweepDisplay(Terminal terminal, SweepGrid grid) : ISweepObserver
{
    /// <summary>The terminal that is drawn on.</summary>
    protected Terminal Terminal { get; } = terminal;

    /// <summary>The runs.</summary>
    protected SweepGrid Grid { get; } = grid;

    /// <summary>The display that fits: a table that is redrawn where a person watches, else lines.</summary>
    public static SweepDisplay Create(Terminal terminal, SweepGrid grid, Sweep sweep) =>
        terminal.IsInteractive ? new LiveSweepDisplay(terminal, grid, sweep) : new PlainSweepDisplay(terminal, grid);

    /// <summary>Runs <paramref name="body"/>, the sweep that this observes.</summary>
    public abstract void Show(Action body);

    /// <inheritdoc/>
    public abstract void OnRunStarted(SweepRun run);

    /// <inheritdoc/>
    public abstract void OnRunEnded(SweepRun run, SweepResult result);

    /// <inheritdoc/>
    public void OnRunInUse(SweepRun run) =>
        Terminal.WriteErrorLine($"{run.Name}: a process still trains in its folder; the sweep waits for its end");

    /// <summary>A line that the run at hand has said; it comes on another thread.</summary>
    public abstract void OnRunLine(string line);

    /// <summary>Which of how many runs one is.</summary>
    protected string PlaceOf(SweepRun run) => Invariant($"run {Grid.Runs.IndexOf(run) + 1}/{Grid.Runs.Length}");
}

/// <summary>A line where a run begins and one where it ends: for files, pipes and CI. What a run says itself is in its own log.</summary>
internal sealed class PlainSweepDisplay(Terminal terminal, SweepGrid grid) : SweepDisplay(terminal, grid)
{
    /// <inheritdoc/>
    public override void Show(Action body) => body();

    /// <inheritdoc/>
    public override void OnRunStarted(SweepRun run) => Terminal.WriteLine($"{PlaceOf(run)}  {run.Name}");

    /// <inheritdoc/>
    public override void OnRunEnded(SweepRun run, SweepResult result) => Terminal.WriteLine($"{PlaceOf(run)}  {run.Name}  {Describe(result)}");

    /// <inheritdoc/>
    public override void OnRunLine(string line)
    {
        // Its log has it.
    }

    private static string Describe(SweepResult result)
    {
        string loss = result.LastValidationLoss is { } validation ? Invariant($"  validation loss {validation:0.0000}")
            : result.TrainingLoss is { } training ? Invariant($"  training loss {training:0.0000}") : "";
        return result.Status switch
        {
            SweepStatus.Failed => $"failed: {result.Error}",
            SweepStatus.Done => $"done  {Quantity.Count(result.Steps, "step")} in {Quantity.Duration(result.Seconds)}{loss}",
            _ => $"stopped at step {Quantity.Count(result.Steps)}",
        };
    }
}
