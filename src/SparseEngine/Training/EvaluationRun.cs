using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Inference;
using SparseEngine.Models;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>The modes eval and eval_all: measures checkpoints as they are, NaN marking their sparse places.</summary>
internal static class EvaluationRun
{
    /// <summary>Evaluates one checkpoint, or every one of the model directory in the order of their steps.</summary>
    public static RunSummary Execute(RunContext context, RunMode mode, CancellationToken stop)
    {
        using ISampleSource source = TrainingData.Open(context.Parameters, DataSplit.Validation, new TextLibrary());
        EvaluationMetrics? last = null;
        RunSummary summary = new(0, null, null, null, 0, 0, 0, 0, 0, 0);
        BatchLoader loader = TrainingData.ValidationLoader(context, source);
        IReadOnlyList<string> checkpoints = CheckpointsOf(context, mode);
        using RunMetrics log = RunMetrics.OpenForEvaluation(context.Parameters.RunConfig.ModelDirectory, context.Logger);
        foreach (string path in checkpoints)
        {
            if (stop.IsCancellationRequested)
            {
                break;
            }

            // A run that keeps only so many does not wait for us.
            if (mode is RunMode.EvalAll && !File.Exists(path))
            {
                context.Logger.LogWarning("{Checkpoint}: is gone since the evaluation began; passed over", path);
                continue;
            }

            summary = Evaluate(context, mode, loader, path, log, stop);
            last = summary.Evaluation ?? last;
        }

        return last is not null || stop.IsCancellationRequested
            ? summary with { Evaluation = last }
            : throw new TrainingException($"{context.Parameters.RunConfig.ModelDirectory}: every checkpoint was removed before it was evaluated");
    }

    private static IReadOnlyList<string> CheckpointsOf(RunContext context, RunMode mode)
    {
        RunConfig config = context.Parameters.RunConfig;
        if (mode is RunMode.EvalAll)
        {
            IReadOnlyList<string> all = CheckpointDirectory.All(config.ModelDirectory);
            return all.Count > 0 ? all : throw new TrainingException($"{config.ModelDirectory}: holds no checkpoint_<step>.mdl to evaluate");
        }

        string path = StartingPoint.FindCheckpoint(config, context.Logger)
            ?? throw new TrainingException(
                $"{config.ModelDirectory}: holds no checkpoint_<step>.mdl to evaluate; train first or give --checkpoint_path");
        return [path];
    }

    private static RunSummary Evaluate(RunContext context, RunMode mode, BatchLoader loader, string path, RunMetrics log, CancellationToken stop)
    {
        ModelParameters shape = context.Parameters.Model;
        using CheckpointReader reader = CheckpointReader.Open(path);
        StartingPoint.CheckModel(reader, shape, context.Parameters.RunConfig, context.Logger);
        using ParameterSet parameters = InferenceParameters.Load(context.Device, shape, reader);
        int step = reader.State?.Step ?? 0;
        context.Observer.OnStarted(new RunOverview(
            mode, context.Device.Description, step, step, parameters.Elements, parameters.NonZeros, SparsityPlan.Dense, path));

        using Evaluator evaluator = new(
            context.Device, new GptModel(context.Device, shape, parameters), loader, context.Parameters.RunConfig.EvalSteps, context.Observer);
        EvaluationMetrics? metrics = evaluator.Evaluate(step, stop);
        if (metrics is not null)
        {
            metrics = metrics with { Seconds = TrainingTime.Read(reader) };
            log.Write(metrics);
            context.Observer.OnEvaluated(metrics);
        }

        long stateBytes = parameters.Sum(parameter => (sizeof(float) * (long)parameter.Values.Length) + parameter.PatternBytes);
        return new RunSummary(step, null, metrics, path, 0, 0, sizeof(float) * parameters.Elements, stateBytes, 0, 0);
    }
}
