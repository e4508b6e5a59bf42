using SparseEngine.Runs;
using Spectre.Console;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>
/// A progress bar with the newest step's figures under it and those of the last change of masks, redrawn in place; milestones scroll by above it.
/// </summary>
internal sealed class LiveDisplay(Terminal terminal, RunLog log, int logSteps) : RunDisplay(terminal, log, logSteps)
{
    /// <summary>Often enough to read, seldom enough to leave the cores to the run.</summary>
    private static readonly TimeSpan RefreshRate = TimeSpan.FromMilliseconds(250);

    private ProgressContext? context;
    private ProgressTask? training;
    private ProgressTask? evaluation;
    private volatile string figures = "";
    private volatile string masks = "";

    /// <inheritdoc/>
    public override RunSummary Show(Func<RunSummary> body)
    {
        Progress progress = Terminal.Screen.Progress();
        progress.AutoClear = true;
        progress.RefreshRate = RefreshRate;
        return Terminal.WhileLive(() => progress
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .UseRenderHook((bars, _) => new Rows(bars, new Text(figures), new Text(masks)))
            .Start(running =>
            {
                context = running;
                return body();
            }));
    }

    /// <inheritdoc/>
    public override void OnStarted(RunOverview overview)
    {
        base.OnStarted(overview);
        if (overview.LastStep > overview.StepsDone)
        {
            training = context?.AddTask("training", maxValue: overview.LastStep).Value(overview.StepsDone);
        }
    }

    /// <inheritdoc/>
    public override void OnEvaluationProgress(int batch, int batches)
    {
        evaluation ??= context?.AddTask("evaluation", maxValue: batches);
        evaluation?.Value(batch).Description($"evaluation {batch}/{batches}");
    }

    /// <inheritdoc/>
    public override void OnEvaluated(EvaluationMetrics evaluation)
    {
        if (this.evaluation is { } task)
        {
            context?.RemoveTask(task);
            this.evaluation = null;
        }

        base.OnEvaluated(evaluation);
    }

    /// <inheritdoc/>
    protected override void ShowLoggedStep(string line)
    {
        // The bar below shows every step; the log file keeps the lines.
    }

    /// <inheritdoc/>
    protected override void ShowStep(int step, string figures)
    {
        this.figures = figures;
        training?.Value(step).Description(Invariant($"step {step}/{training.MaxValue:0}"));
    }

    /// <inheritdoc/>
    protected override void ShowMasks(int step, string figures) => masks = Invariant($"step {step} changed {figures}");
}
