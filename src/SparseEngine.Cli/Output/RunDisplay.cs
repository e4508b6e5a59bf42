using Microsoft.Extensions.Logging;
using SparseEngine.Metrics;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>
/// Shows a run as it goes. Milestones are lines on the terminal and in the log file, where the log shows
/// INFO; how steps look is up to the kind of display.
/// </summary>
internal abstract class RunDisplay(Terminal terminal, RunLog log, int logSteps) : IRunObserver
{
    private Pace? pace;
    private int? loggedMasks;

    /// <summary>The terminal that is drawn on.</summary>
    protected Terminal Terminal { get; } = terminal;

    /// <summary>What runs, once it has started.</summary>
    protected RunOverview? Overview { get; private set; }

    /// <summary>The display that fits: redrawn in place where a person watches and wants to see more than warnings, else plain lines.</summary>
    public static RunDisplay Create(Terminal terminal, RunLog log, int logSteps) =>
        terminal.IsInteractive && log.Shows(LogLevel.Information)
            ? new LiveDisplay(terminal, log, logSteps)
            : new PlainDisplay(terminal, log, logSteps);

    /// <summary>Runs <paramref name="body"/>, the run that this observes.</summary>
    public abstract RunSummary Show(Func<RunSummary> body);

    /// <inheritdoc/>
    public virtual void OnStarted(RunOverview overview)
    {
        Overview = overview;
        log.OpenFile();
        pace = new Pace(overview.LastStep);
        string verb = overview.Mode is RunMode.Train or RunMode.TrainAndEval ? $"training to step {overview.LastStep}" : "evaluating";
        string zeros = Quantity.Percent(overview.Parameters - overview.NonZeros, overview.Parameters);
        Announce($"{verb} on {overview.Device}: {Quantity.Count(overview.Parameters)} parameters, {Quantity.Count(overview.NonZeros)} of them "
            + $"non-zero ({zeros} zeros)");
    }

    /// <inheritdoc/>
    public void OnStep(StepMetrics step)
    {
        if (Overview is not { } overview || pace is null)
        {
            return;
        }

        pace.Add(step);
        string figures = Figures(step, pace);
        if (log.Shows(LogLevel.Information) && (step.Step % logSteps == 0 || step.Step == overview.LastStep))
        {
            string line = $"step {step.Step}/{overview.LastStep}  {figures}";
            log.WriteToFile(LogLevel.Information, line);
            log.WriteToFile(LogLevel.Information, ZooLog.Step(overview, step));
            ShowLoggedStep(line);
        }

        ShowStep(step.Step, figures);
    }

    /// <inheritdoc/>
    public void OnMaskUpdate(MaskUpdateMetrics update)
    {
        WeightMaskMetrics total = update.Total;
        string figures = Invariant(
            $"masks: {100 * total.Moved:0.0}% of the weights moved, {100 * total.Sparsity:0.0}% zeros, {100 * total.Explored:0.0}% ever alive");

        // Masks may move more often than steps are logged.
        if (log.Shows(LogLevel.Information) && (loggedMasks is not { } last || update.Step - last >= logSteps))
        {
            loggedMasks = update.Step;
            string line = $"step {update.Step}  {figures}";
            log.WriteToFile(LogLevel.Information, line);
            ShowLoggedStep(line);
        }

        ShowMasks(update.Step, figures);
    }

    /// <inheritdoc/>
    public abstract void OnEvaluationProgress(int batch, int batches);

    /// <inheritdoc/>
    public virtual void OnEvaluated(EvaluationMetrics evaluation)
    {
        string perplexity = evaluation.Perplexity is { } value ? Invariant($"  perplexity {value:0.000}") : "";
        string accuracy = evaluation.Accuracy is { } share ? Invariant($"  accuracy {100 * share:0.0}%") : "";
        string among = evaluation.Dataloader is { } name ? $"{name}  " : "";
        Announce(Invariant($"step {evaluation.Step}  {among}validation loss {evaluation.Loss:0.0000}{perplexity}{accuracy}"));
        AnnounceToFile(ZooLog.Evaluation(evaluation));
    }

    /// <inheritdoc/>
    public void OnSample(TextSample sample) =>
        Announce(Invariant($"step {sample.Step}  sample: {Terminal.Plain(sample.Prompt + sample.Text)}"));

    /// <inheritdoc/>
    public void OnCheckpoint(string path, int step)
    {
        Announce($"step {step}  checkpoint {path}");
        AnnounceToFile([ZooLog.Checkpoint(step)]);
    }

    /// <summary>Tells the log file of a run that has done all it was to.</summary>
    public void OnEnded(RunSummary summary)
    {
        if (Overview is { } overview
            && (overview.Mode is RunMode.Eval or RunMode.EvalAll || summary.LastStep >= overview.LastStep || summary.IsStoppedEarly))
        {
            AnnounceToFile([ZooLog.End(overview.Mode)]);
        }
    }

    /// <summary>Shows the line of a step that log_steps asks for.</summary>
    protected abstract void ShowLoggedStep(string line);

    /// <summary>Shows any step.</summary>
    protected abstract void ShowStep(int step, string figures);

    /// <summary>Shows any update of masks.</summary>
    protected abstract void ShowMasks(int step, string figures);

    private static string Figures(StepMetrics step, Pace pace) => string.Join(
        "  ",
        Invariant($"loss {step.Loss:0.0000}"),
        Invariant($"lr {step.LearningRate:0.0#e-0}"),
        Invariant($"grad norm {step.GradNorm:0.00}"),
        Invariant($"{pace.TokensPerSecond:0} tokens/s"),
        $"FLOPs {Quantity.Percent(step.FlopsExecuted, step.FlopsDense)} of dense",
        $"time left {Quantity.Duration(pace.SecondsLeft)}");

    private void AnnounceToFile(IEnumerable<string> lines)
    {
        foreach (string line in log.Shows(LogLevel.Information) ? lines : [])
        {
            log.WriteToFile(LogLevel.Information, line);
        }
    }

    private void Announce(string line)
    {
        if (log.Shows(LogLevel.Information))
        {
            Terminal.WriteLine(line);
            log.WriteToFile(LogLevel.Information, line);
        }
    }
}
