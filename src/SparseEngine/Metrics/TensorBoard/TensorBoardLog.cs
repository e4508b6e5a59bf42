using SparseEngine.Files;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Metrics.TensorBoard;

/// <summary>
/// A run for TensorBoard: event files in the folders <c>train</c> and <c>eval</c> of the model directory, as the Model Zoo has them.
/// </summary>
/// <remarks>A tag is the same in both, so that their curves share a chart.</remarks>
internal sealed class TensorBoardLog : IDisposable
{
    private const string TotalSparsity = "sparsity/total";

    private readonly string modelDirectory;
    private readonly int? firstStep;
    private readonly TimeProvider clock;
    private readonly EventFile? training;
    private EventFile? evaluation;
    private long zeros;
    private long parameters;

    /// <summary>Starts a file in each folder that has something to say.</summary>
    /// <param name="modelDirectory">The model directory.</param>
    /// <param name="firstStep">
    /// The first step that the run trains: TensorBoard drops what earlier runs have of it and of later ones.
    /// Null where it only evaluates: nothing is dropped.
    /// </param>
    /// <param name="clock">Dates the events; null for the system's.</param>
    /// <exception cref="OutputException">A file cannot be made or written to.</exception>
    public TensorBoardLog(string modelDirectory, int? firstStep, TimeProvider? clock = null)
    {
        this.modelDirectory = modelDirectory;
        this.firstStep = firstStep;
        this.clock = clock ?? TimeProvider.System;
        if (firstStep is null)
        {
            return;
        }

        training = Open("train");
        if (Directory.Exists(Path.Combine(modelDirectory, "eval")))
        {
            evaluation = Open("eval");
        }
    }

    /// <summary>Writes the YAML that the run was started with, if it was with one.</summary>
    /// <param name="step">The first step that trains with it.</param>
    /// <param name="yaml">Its text.</param>
    public void WriteConfiguration(int step, string yaml)
    {
        if (yaml.Length == 0)
        {
            return;
        }

        training?.WriteText(step, "config", Verbatim(yaml));
    }

    /// <summary>Writes the share of zeros in each sparse weight and in the whole model.</summary>
    /// <param name="step">The first step that trains with them.</param>
    /// <param name="plan">The sparse weights.</param>
    /// <param name="parameters">The model's parameters, zeros included.</param>
    public void WriteSparsity(int step, SparsityPlan plan, long parameters)
    {
        if (plan.Weights.IsEmpty)
        {
            return;
        }

        this.parameters = parameters;
        zeros = plan.Weights.Sum(weight => weight.Total - weight.Kept);
        training?.WriteScalars(step,
        [
            new Scalar(TotalSparsity, (double)zeros / parameters),
            .. plan.Weights.Select(weight => new Scalar($"sparsity/{weight.Name}", 1 - ((double)weight.Kept / weight.Total))),
        ]);
    }

    /// <summary>Writes a training step.</summary>
    public void Write(StepMetrics step) => training?.WriteScalars(step.Step, Scalar.Of(step));

    /// <summary>Writes an update of the masks: for each weight and for all of them; of the share of zeros for the whole model.</summary>
    public void Write(MaskUpdateMetrics update)
    {
        ArgumentNullException.ThrowIfNull(update);
        zeros += update.Total.Dropped - update.Total.Grown;
        training?.WriteScalars(update.Step,
        [
            .. update.Weights.Append(update.Total).SelectMany(weight =>
                Scalar.Of(weight).Select(scalar => scalar with { Name = $"{scalar.Name}/{weight.Name}" }))
                .Where(scalar => scalar.Name != TotalSparsity),
            new Scalar(TotalSparsity, (double)zeros / parameters),
        ]);
    }

    /// <summary>Writes an evaluation.</summary>
    public void Write(EvaluationMetrics metrics) => (evaluation ??= Open("eval")).WriteScalars(
        metrics.Step,
        metrics.Dataloader is { } name
            ? Scalar.Of(metrics).Select(scalar => scalar with { Name = $"{name}/{scalar.Name}" })
            : Scalar.Of(metrics));

    /// <summary>Writes a text that the model has continued.</summary>
    public void Write(TextSample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        (evaluation ??= Open("eval")).WriteText(sample.Step, "sample", Verbatim(sample.Prompt + sample.Text));
    }

    /// <summary>Waits until all records are on the disk.</summary>
    public void FlushToDisk()
    {
        training?.FlushToDisk();
        evaluation?.FlushToDisk();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        training?.Dispose();
        evaluation?.Dispose();
    }

    // Indented, not fenced: no line of the text can end the block.
    private static string Verbatim(string text) =>
        string.Join('\n', text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => $"    {line}"));

    private EventFile Open(string folder)
    {
        EventFile file = EventFile.Create(Path.Combine(modelDirectory, folder), clock);
        if (firstStep is { } step)
        {
            file.WriteSessionStart(step);
        }

        return file;
    }
}
