using SparseEngine.Runs;

namespace SparseEngine.Cli.Output;

/// <summary>One line each log_steps: for files, pipes and CI.</summary>
internal sealed class PlainDisplay(Terminal terminal, RunLog log, int logSteps) : RunDisplay(terminal, log, logSteps)
{
    /// <inheritdoc/>
    public override RunSummary Show(Func<RunSummary> body) => body();

    /// <inheritdoc/>
    public override void OnEvaluationProgress(int batch, int batches)
    {
        // A batch is worth no line; OnEvaluated writes the one that counts.
    }

    /// <inheritdoc/>
    protected override void ShowLoggedStep(string line) => Terminal.WriteLine(line);

    /// <inheritdoc/>
    protected override void ShowStep(int step, string figures)
    {
        // Between the lines of log_steps there is nothing to redraw.
    }

    /// <inheritdoc/>
    protected override void ShowMasks(int step, string figures)
    {
        // Likewise.
    }
}
