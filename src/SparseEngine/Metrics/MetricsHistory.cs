using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using SparseEngine.Accounting;
using SparseEngine.Data;
using SparseEngine.Runs;

namespace SparseEngine.Metrics;

/// <summary>What a run's <c>metrics.jsonl</c> says, as <see cref="MetricsLog"/> writes it.</summary>
/// <param name="Steps">The logged training steps, in the file's order.</param>
/// <param name="Evaluations">
/// The evaluations, in the file's order; of several validation data those on the first. The file does not say over how many tokens:
/// <see cref="EvaluationMetrics.Tokens"/> is 0.
/// </param>
public sealed record MetricsHistory(ImmutableArray<StepMetrics> Steps, ImmutableArray<EvaluationMetrics> Evaluations)
{
    /// <summary>The updates of masks, in the file's order; none where masks did not move.</summary>
    public ImmutableArray<MaskUpdateMetrics> MaskUpdates { get; init; } = [];

    /// <summary>Training FLOPs of the run up to each of <see cref="Steps"/>: executed, and of the same steps without sparsity.</summary>
    /// <remarks>
    /// A step that is not logged counts as much as the next one that is, dense gradients of an update apart; so do those before the first.
    /// </remarks>
    public ImmutableArray<FlopCount> FlopsSoFar()
    {
        ImmutableArray<FlopCount>.Builder sums = ImmutableArray.CreateBuilder<FlopCount>(Steps.Length);
        FlopCount sum = new(0, 0);
        int before = 0;
        int next = 0;
        foreach (StepMetrics step in Steps)
        {
            double ofUpdates = 0;
            double ofItsOwn = 0;
            for (; next < MaskUpdates.Length && MaskUpdates[next].Step <= step.Step; next++)
            {
                ofItsOwn = MaskUpdates[next].Step == step.Step ? MaskUpdates[next].DenseGradientFlops : 0;
                ofUpdates += MaskUpdates[next].DenseGradientFlops;
            }

            int steps = step.Step - before;
            sum = new FlopCount(
                sum.Dense + (steps * step.FlopsDense), sum.Executed + (steps * (step.FlopsExecuted - ofItsOwn)) + ofUpdates);
            before = step.Step;
            sums.Add(sum);
        }

        return sums.MoveToImmutable();
    }

    /// <summary>Training time of the run up to each of <see cref="Steps"/>, in seconds.</summary>
    /// <remarks>
    /// A log of an older version does not say: there a step takes its <see cref="StepMetrics.StepMs"/>, and one
    /// that is not logged as much as the next that is.
    /// </remarks>
    public ImmutableArray<double> SecondsSoFar()
    {
        ImmutableArray<double>.Builder sums = ImmutableArray.CreateBuilder<double>(Steps.Length);
        double sum = 0;
        int before = 0;
        foreach (StepMetrics step in Steps)
        {
            sum = step.Seconds ?? sum + ((step.Step - before) * step.StepMs / 1000);
            before = step.Step;
            sums.Add(sum);
        }

        return sums.MoveToImmutable();
    }

    /// <summary>Reads the log of a model directory, which a run may still be writing: a last line that is not whole is left out.</summary>
    /// <exception cref="DataException">There is none, or a line is none that a run writes.</exception>
    public static MetricsHistory Read(string modelDirectory)
    {
        string path = MetricsLog.PathIn(modelDirectory);
        if (!File.Exists(path))
        {
            throw new DataException($"{modelDirectory}: has no {Path.GetFileName(path)}; valid: the model_dir of a run");
        }

        using StreamReader file = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        string text = file.ReadToEnd();
        string[] lines = text.Split('\n');
        List<StepMetrics> steps = [];
        List<EvaluationMetrics> evaluations = [];
        List<MaskUpdateMetrics> updates = [];

        // What follows the last line feed is empty, or a line that is being written.
        for (int index = 0; index < lines.Length - 1; index++)
        {
            try
            {
                Read(lines[index], steps, evaluations, updates);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
            {
                throw new DataException($"{path}:{index + 1}: is no line of metrics; valid: what a run writes", exception);
            }
        }

        return new MetricsHistory([.. InOrder(steps, step => step.Step)], [.. InOrder(evaluations, evaluation => evaluation.Step)])
        {
            MaskUpdates = [.. InOrder(updates, update => update.Step)],
        };
    }

    private static void Read(string text, List<StepMetrics> steps, List<EvaluationMetrics> evaluations, List<MaskUpdateMetrics> updates)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement line = document.RootElement;
        int step = line.GetProperty("step").GetInt32();
        if (line.TryGetProperty(MetricsLog.MasksKey, out JsonElement masks))
        {
            updates.Add(new MaskUpdateMetrics(
                step,
                [
                    .. masks.EnumerateObject().Where(weight => weight.Name != MaskUpdateMetrics.TotalName)
                        .Select(weight => Mask(weight.Name, weight.Value)),
                ])
            {
                DenseGradientFlops = Of(MetricsLog.DenseGradientFlopsKey),
            });
            return;
        }

        if (line.TryGetProperty("eval_loss", out JsonElement loss))
        {
            if (line.TryGetProperty(MetricsLog.DataloaderKey, out JsonElement dataloader)
                && dataloader.GetString() != EvaluationMetrics.DataloaderName(0))
            {
                return;
            }

            evaluations.Add(new EvaluationMetrics(
                step, Number(loss), Optional("eval_perplexity"), Optional("eval_accuracy"), Tokens: 0, Optional(Scalar.Seconds)));
            return;
        }

        steps.Add(new StepMetrics(
            step, Of("loss"), Of("learning_rate"), Of("grad_norm"), line.GetProperty("tokens").GetInt32(), Of("step_ms"), Optional(Scalar.Seconds),
            Of("tokens_per_second"), Of("flops_dense"), Of("flops_executed")));

        double Of(string name) => Number(line.GetProperty(name));

        double? Optional(string name) => line.TryGetProperty(name, out JsonElement value) ? Number(value) : null;
    }

    private static WeightMaskMetrics Mask(string name, JsonElement weight)
    {
        long elements = weight.GetProperty(MetricsLog.ElementsKey).GetInt64();
        return new WeightMaskMetrics(
            name, elements, (long)Math.Round((1 - Of("sparsity")) * elements), (long)Of("grown"), (long)Of("dropped"),
            (long)Math.Round(Of("ever_alive") * elements));

        double Of(string key) => Number(weight.GetProperty(key));
    }

    private static double Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble();

    // A step that was done again after a kill, or evaluated again, counts as it was the last time.
    private static IEnumerable<T> InOrder<T>(IEnumerable<T> lines, Func<T, int> stepOf) =>
        lines.GroupBy(stepOf).Select(step => step.Last()).OrderBy(stepOf);
}
