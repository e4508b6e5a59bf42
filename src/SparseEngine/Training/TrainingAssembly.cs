using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>The modes train and train_and_eval: what a training run is made of, and from where it starts.</summary>
internal static class TrainingAssembly
{
    /// <summary>Builds everything, trains, and releases everything.</summary>
    public static RunSummary Execute(RunContext context, RunMode mode, CancellationToken stop)
    {
        long began = context.Clock.GetTimestamp();
        RunParameters run = context.Parameters;
        Communicator ranks = context.Ranks;
        using FolderHold? hold = ranks.IsFirst ? FolderHold.Take(run.RunConfig.ModelDirectory) : null;
        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(run.Model);
        TextLibrary texts = new();
        InputParameters input = run.TrainInput!;
        using ISampleSource samples = TrainingData.Open(run, input, DataSplit.Training, texts);
        using ValidationData? validation = mode == RunMode.TrainAndEval ? ValidationData.Open(context, texts) : null;
        TextSamples? text = validation is null ? null : TextSamples.Open(context);
        WarnOfUnused(context, mode);
        BatchLoader loader = TrainingData.Loader(run, input, samples, DataSplit.Training, ranks);
        int shuffleSeed = TrainingData.ShuffleSeed(run, input);

        using StartingPoint start = StartingPoint.Open(run.RunConfig, run.Model, definitions, context.Logger, ranks);
        start.CompareSeeds(run.RunConfig.Seed, shuffleSeed);
        start.CompareWithNewest(run.RunConfig);
        BudgetTrial trial = new(context, definitions, start, loader, validation, text, began);
        if (TimeBudget.Settle(context, start, loader.BatchesPerEpoch, trial, stop) is not { } settled)
        {
            context.Logger.LogInformation("Stopped while the first steps were timed; the same command starts anew.");
            return new RunSummary(start.Step, null, null, start.Path, 0, 0, 0, 0, 0, 0);
        }

        context = context with { Parameters = settled };
        RunConfig config = settled.RunConfig;
        int lastStep = RunLength.LastStep(config, start.Step, loader.BatchesPerEpoch);
        string? dumpDirectory = settled.Sparsity is { DumpMasks: true } && ranks.IsFirst ? config.ModelDirectory : null;
        using TrainingParts parts = TrainingParts.Build(context, definitions, start, loader, validation, lastStep, dumpDirectory);
        RequireSame(ranks, samples, validation, parts.Optimizer);
        using TrainingOutput? output = TrainingOutput.Open(context, mode, start, parts.Plan, parts.Parameters, lastStep, shuffleSeed);
        if (config.SaveInitialCheckpoint && start.Step == 0)
        {
            output?.SaveInitial(parts.Definitions, start.Weights);
        }

        double secondsBefore = start.Seconds ?? (ranks.IsFirst ? RunMetrics.LoggedSeconds(config.ModelDirectory) : 0);
        RunEvaluations evaluations = new(context, parts.Evaluators, output, parts.Model, text, start.Validation);
        TrainingLoop loop = new(
            context, loader, parts.Step, parts.Optimizer, evaluations, parts.Masks, output, parts.CountFlops(context, loader), start.State, lastStep,
            secondsBefore);
        loop.Run(start.Path, stop);
        return loop.Summarize(start.Path);
    }

    /// <summary>Makes sure that all ranks train one model on the same data before anything is written.</summary>
    private static void RequireSame(Communicator ranks, ISampleSource samples, ValidationData? validation, Optimizer optimizer) =>
        RankComparison.Require(ranks, () =>
        [
            RunFacts.Data("training data", samples), .. validation?.Facts() ?? [], RunFacts.Masks(optimizer.Parameters),
            RunFacts.Weights(optimizer.Parameters), RunFacts.OptimizerState(optimizer),
        ]);

    private static void WarnOfUnused(RunContext context, RunMode mode)
    {
        RunConfig config = context.Parameters.RunConfig;
        foreach ((string key, bool isGiven) in new[] { ("keep_best", config.KeepBest), ("sample_prompt", config.SamplePrompt is not null) })
        {
            if (isGiven && mode is RunMode.Train)
            {
                context.Logger.LogWarning(
                    "{Key} has no effect: the mode train evaluates nothing; --mode train_and_eval does", context.Parameters.Keys[$"runconfig.{key}"]);
            }
        }
    }
}
