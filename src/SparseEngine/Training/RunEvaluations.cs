using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Metrics;
using SparseEngine.Models;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>The evaluations of a training run, and what follows from them: the best checkpoint, an early end, samples of text.</summary>
internal sealed class RunEvaluations
{
    private readonly RunContext context;
    private readonly Evaluators? evaluators;
    private readonly TrainingOutput? output;
    private readonly GptModel model;
    private readonly TextSamples? samples;

    /// <param name="context">The run.</param>
    /// <param name="evaluators">What measures the model; null where the run only trains.</param>
    /// <param name="output">Where the figures go.</param>
    /// <param name="model">The model that is trained.</param>
    /// <param name="samples">What has the model continue a text; null for nothing.</param>
    /// <param name="progress">What the checkpoint knows that the run goes on from.</param>
    public RunEvaluations(
        RunContext context, Evaluators? evaluators, TrainingOutput? output, GptModel model, TextSamples? samples, ValidationProgress progress)
    {
        this.context = context;
        this.evaluators = evaluators;
        this.output = output;
        this.model = model;
        this.samples = samples;
        Progress = progress;
    }

    /// <summary>The lowest loss so far.</summary>
    public ValidationProgress Progress { get; private set; }

    /// <summary>The last evaluation on each of the validation data; empty where there was none.</summary>
    public ImmutableArray<EvaluationMetrics> Last { get; private set; } = [];

    /// <summary>Whether so many evaluations have brought no lower loss that the run ends.</summary>
    public bool AreEnough => evaluators is not null && Config.EarlyStop is { } most && Progress.Since >= most;

    private RunConfig Config => context.Parameters.RunConfig;

    /// <summary>Measures the model.</summary>
    /// <param name="step">Optimizer steps done.</param>
    /// <param name="seconds">Training time so far.</param>
    /// <param name="saveBest">Writes the checkpoint of the lowest loss.</param>
    /// <param name="stop">Ends the evaluation after a batch.</param>
    public void Evaluate(int step, double seconds, Action saveBest, CancellationToken stop)
    {
        ImmutableArray<EvaluationMetrics>.Builder measured = ImmutableArray.CreateBuilder<EvaluationMetrics>();
        foreach (EvaluationMetrics evaluation in evaluators?.Evaluate(step, stop) ?? [])
        {
            EvaluationMetrics metrics = evaluation with { Seconds = seconds };
            measured.Add(metrics);
            output?.Tell(metrics);
        }

        if (measured.Count == 0)
        {
            return;
        }

        Last = measured.ToImmutable();
        Note(step, Last[0].Loss, saveBest);
        if (samples?.Draw(model, step) is { } sample)
        {
            output?.Tell(sample);
        }
    }

    /// <summary>
    /// Goes on where the run stood when it ended: its checkpoint comes before the evaluation of the same step, and does not know of it. The log does,
    /// unless the run was killed in between; then it is made up for.
    /// </summary>
    /// <param name="step">The checkpoint's step.</param>
    /// <param name="folder">The checkpoint's folder; another than the run's has a log of its own.</param>
    /// <param name="isDue">Whether an evaluation follows this step.</param>
    /// <param name="evaluate">Makes it.</param>
    /// <param name="saveBest">Writes the checkpoint of the lowest loss.</param>
    public void TakeUp(int step, string? folder, bool isDue, Action evaluate, Action saveBest)
    {
        if (evaluators is null || !(Config.KeepBest || Config.EarlyStop is not null) || Progress.LastStep >= step)
        {
            return;
        }

        double logged = FirstRank.Number(context.Ranks, () => IsOwn(folder) ? LossLoggedAt(step) : double.NaN);
        if (!double.IsNaN(logged))
        {
            // Killed after the figure was logged, a run has not written the checkpoint of it.
            Note(step, logged, saveBest);
        }
        else if (isDue)
        {
            evaluate();
        }
    }

    private bool IsOwn(string? folder) =>
        folder is not null && Path.GetFullPath(folder) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(Config.ModelDirectory));

    private void Note(int step, double loss, Action saveBest)
    {
        if (step <= Progress.LastStep)
        {
            return;
        }

        Progress = Progress.After(step, loss);
        if (Config.KeepBest && Progress.BestStep == step)
        {
            saveBest();
        }
    }

    private double LossLoggedAt(int step)
    {
        try
        {
            return MetricsHistory.Read(Config.ModelDirectory).Evaluations.LastOrDefault(evaluation => evaluation.Step == step)?.Loss ?? double.NaN;
        }
        catch (DataException)
        {
            // Another program's log knows nothing of it.
            return double.NaN;
        }
    }
}
