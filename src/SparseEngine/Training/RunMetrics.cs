using Microsoft.Extensions.Logging;
using SparseEngine.Data;
using SparseEngine.Files;
using SparseEngine.Metrics;
using SparseEngine.Metrics.TensorBoard;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>What a run leaves of its figures: each goes into <c>metrics.jsonl</c> and into TensorBoard's event files.</summary>
internal sealed class RunMetrics : IDisposable
{
    private readonly MetricsLog? lines;
    private readonly TensorBoardLog events;
    private readonly string modelDirectory;
    private readonly ILogger logger;

    private RunMetrics(string modelDirectory, MetricsLog? lines, int? firstStep, ILogger logger)
    {
        this.modelDirectory = modelDirectory;
        this.lines = lines;
        this.logger = logger;
        try
        {
            events = new TensorBoardLog(modelDirectory, firstStep);
        }
        catch
        {
            lines?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens them for a run that trains: what is logged of steps after <paramref name="resumeStep"/>, which it goes on
    /// from, comes from a killed run and no longer counts.
    /// </summary>
    /// <param name="modelDirectory">The model directory, which the run holds.</param>
    /// <param name="resumeStep">The step it goes on from.</param>
    /// <param name="logger">Told of what cannot be kept.</param>
    public static RunMetrics OpenForTraining(string modelDirectory, int resumeStep, ILogger logger) =>
        new(modelDirectory, MetricsLog.Open(modelDirectory, resumeStep), resumeStep + 1, logger);

    /// <summary>
    /// Opens them for a run that only evaluates: nothing is made before there is a figure, and an earlier
    /// checkpoint drops nothing that a later step has logged.
    /// </summary>
    /// <param name="modelDirectory">The model directory, in which another run may be training.</param>
    /// <param name="logger">Told of what cannot be kept.</param>
    public static RunMetrics OpenForEvaluation(string modelDirectory, ILogger logger) => new(modelDirectory, lines: null, firstStep: null, logger);

    /// <summary>The training time of the steps that <c>metrics.jsonl</c> has, in seconds: for going on from a checkpoint that does not say.</summary>
    public static double LoggedSeconds(string modelDirectory)
    {
        try
        {
            return MetricsHistory.Read(modelDirectory).SecondsSoFar().LastOrDefault();
        }
        catch (DataException)
        {
            // Another program's lines tell no time, which is no reason not to train.
            return 0;
        }
    }

    /// <summary>Writes what the run is: into the event files alone.</summary>
    /// <param name="step">The first step that it trains.</param>
    /// <param name="yaml">The text of its YAML file; empty where it comes from no file.</param>
    /// <param name="plan">Its sparse weights.</param>
    /// <param name="parameters">The model's parameters, zeros included.</param>
    public void Describe(int step, string yaml, SparsityPlan plan, long parameters)
    {
        events.WriteConfiguration(step, yaml);
        events.WriteSparsity(step, plan, parameters);
    }

    /// <summary>Appends a training step.</summary>
    public void Write(StepMetrics step)
    {
        lines?.Write(step);
        events.Write(step);
    }

    /// <summary>Appends an update of the masks.</summary>
    public void Write(MaskUpdateMetrics update)
    {
        lines?.Write(update);
        events.Write(update);
    }

    /// <summary>Appends an evaluation.</summary>
    public void Write(EvaluationMetrics evaluation)
    {
        if (lines is null)
        {
            AppendBetweenRuns(evaluation);
        }

        lines?.Write(evaluation);
        events.Write(evaluation);
    }

    /// <summary>Keeps a text that the model has continued: in the event files alone.</summary>
    public void Write(TextSample sample) => events.Write(sample);

    /// <summary>Waits until all is on the disk, so that a checkpoint never survives a power failure that its steps' figures do not.</summary>
    public void FlushToDisk()
    {
        lines?.FlushToDisk();
        events.FlushToDisk();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lines?.Dispose();
        events.Dispose();
    }

    /// <summary>Adds a line where no run is training: two processes that add to one file would overwrite each other's lines.</summary>
    private void AppendBetweenRuns(EvaluationMetrics evaluation)
    {
        using FolderHold? hold = FolderHold.TryTakeBriefly(modelDirectory);
        if (hold is null)
        {
            logger.LogWarning(
                "A run is training in {ModelDirectory} and writes its metrics.jsonl: this evaluation of step {Step} is not added to it, "
                + "only to TensorBoard's files.",
                modelDirectory,
                evaluation.Step);
            return;
        }

        using MetricsLog appended = MetricsLog.Open(modelDirectory, resumeStep: int.MaxValue);
        appended.Write(evaluation);
    }
}
