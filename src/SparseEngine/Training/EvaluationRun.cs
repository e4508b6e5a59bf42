using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Files;
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
        Communicator ranks = context.Ranks;
        using ValidationData data = ValidationData.Open(context, new TextLibrary());
        RankComparison.Require(ranks, () => [.. data.Facts()]);
        bool isStopped = false;
        bool isTried = false;
        List<EvaluationMetrics> last = [];
        RunSummary summary = new(0, null, null, null, 0, 0, 0, 0, 0, 0);
        IReadOnlyList<string> checkpoints = CheckpointsOf(context, mode);
        using RunMetrics? log = ranks.IsFirst
            ? RunMetrics.OpenForEvaluation(context.Parameters.RunConfig.ModelDirectory, context.Logger)
            : null;
        foreach (string path in checkpoints)
        {
            isStopped = StopRequest.IsAgreed(ranks, stop);
            if (isStopped)
            {
                break;
            }

            // A run that keeps only so many does not wait for us.
            if (mode is RunMode.EvalAll && !FirstRank.FindsFile(ranks, path))
            {
                context.Logger.LogWarning("{Checkpoint}: is gone since the evaluation began; passed over", path);
                continue;
            }

            isTried = true;
            summary = Evaluate(context, mode, data, path, log, last, stop);
        }

        return isTried || isStopped
            ? summary with { Evaluation = last.FirstOrDefault(), FurtherEvaluations = [.. last.Skip(1)] }
            : throw new TrainingException($"{context.Parameters.RunConfig.ModelDirectory}: every checkpoint was removed before it was evaluated");
    }

    /// <summary>
    /// Writes what is evaluated, where that can be written: another evaluation may be at it, and what else is in the way its figures meet too.
    /// </summary>
    private static void RecordConfiguration(RunContext context, RunMode mode)
    {
        try
        {
            RunRecord.WriteConfiguration(context.Parameters, mode);
        }
        catch (OutputException exception)
        {
            context.Logger.LogDebug("{Problem}", exception.Message);
        }
    }

    private static IReadOnlyList<string> CheckpointsOf(RunContext context, RunMode mode)
    {
        RunConfig config = context.Parameters.RunConfig;
        if (mode is RunMode.EvalAll && context.Parameters.ValidateAll is { CheckpointPaths: { IsEmpty: false } named })
        {
            return FirstRank.Paths(context.Ranks, () => [.. named.SelectMany(FilesOf)]);
        }

        if (mode is RunMode.EvalAll)
        {
            IReadOnlyList<string> all = FirstRank.Paths(context.Ranks, () => CheckpointDirectory.All(config.ModelDirectory));
            return all.Count > 0 ? all : throw new TrainingException($"{config.ModelDirectory}: holds no checkpoint_<step>.mdl to evaluate");
        }

        string path = StartingPoint.FindCheckpoint(config, context.Logger, context.Ranks)
            ?? throw new TrainingException(
                $"{config.ModelDirectory}: holds no checkpoint_<step>.mdl to evaluate; train first or give --checkpoint_path");
        return [path];
    }

    /// <summary>The files that a path names: itself, or those that its wildcards match, in the order of their numbers.</summary>
    private static IEnumerable<string> FilesOf(string path)
    {
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } given ? given : ".";
        string name = Path.GetFileName(path);
        if (name.AsSpan().IndexOfAny('*', '?') < 0)
        {
            return [path];
        }

        string[] files = Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, name).OrderBy(file => file.Length).ThenBy(file => file, StringComparer.Ordinal)]
            : [];
        return files.Length > 0 ? files : throw new TrainingException($"{path}: no file matches; valid: the path of a checkpoint");
    }

    /// <summary>Evaluates one checkpoint; what was measured takes the place of what <paramref name="last"/> has of an earlier one.</summary>
    private static RunSummary Evaluate(
        RunContext context, RunMode mode, ValidationData data, string path, RunMetrics? log, List<EvaluationMetrics> last, CancellationToken stop)
    {
        ModelParameters shape = context.Parameters.Model;
        using CheckpointReader reader = CheckpointReader.Open(path);
        StartingPoint.CheckModel(reader, shape, context.Parameters.RunConfig, context.Logger);
        using ParameterSet parameters = InferenceParameters.Load(context.Device, shape, reader);
        RankComparison.Require(context.Ranks, () => [RunFacts.Masks(parameters), RunFacts.Weights(parameters)]);
        if (last.Count == 0 && context.Ranks.IsFirst)
        {
            RecordConfiguration(context, mode);
        }

        int step = reader.State?.Step ?? 0;
        context.Observer.OnStarted(new RunOverview(
            mode, context.Device.Description, step, step, parameters.Elements, parameters.NonZeros, SparsityPlan.Dense, path));

        using Evaluators evaluators = new(
            context.Device, new GptModel(context.Device, shape, parameters), data, context.Parameters.RunConfig.EvalSteps, context.Observer,
            context.Ranks);
        List<EvaluationMetrics> measured = [];
        foreach (EvaluationMetrics measurement in evaluators.Evaluate(step, stop))
        {
            EvaluationMetrics metrics = measurement with { Seconds = TrainingTime.Read(reader) };
            measured.Add(metrics);
            log?.Write(metrics);
            context.Observer.OnEvaluated(metrics);
        }

        if (measured.Count > 0)
        {
            last.Clear();
            last.AddRange(measured);
        }

        long stateBytes = parameters.Sum(parameter => (sizeof(float) * (long)parameter.Values.Length) + parameter.PatternBytes);
        return new RunSummary(step, null, null, path, 0, 0, sizeof(float) * parameters.Elements, stateBytes, 0, 0);
    }
}
