using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>The modes train and train_and_eval: what a training run is made of, and from where it starts.</summary>
internal static class TrainingAssembly
{
    /// <summary>Builds everything, trains, and releases everything.</summary>
    public static RunSummary Execute(RunContext context, RunMode mode, CancellationToken stop)
    {
        RunParameters run = context.Parameters;
        RunConfig config = run.RunConfig;
        Communicator ranks = context.Ranks;
        using FolderHold? hold = ranks.IsFirst ? FolderHold.Take(config.ModelDirectory) : null;
        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(run.Model);
        TextLibrary texts = new();
        InputParameters input = run.TrainInput!;
        using ISampleSource samples = TrainingData.Open(run, input, DataSplit.Training, texts);
        using ValidationData? validation = mode == RunMode.TrainAndEval ? ValidationData.Open(context, texts) : null;
        BatchLoader loader = TrainingData.Loader(run, input, samples, DataSplit.Training, ranks);
        int shuffleSeed = TrainingData.ShuffleSeed(run, input);

        using StartingPoint start = StartingPoint.Open(config, run.Model, definitions, context.Logger, ranks);
        start.CompareSeeds(config.Seed, shuffleSeed);
        start.CompareWithNewest(config);
        int lastStep = RunLength.LastStep(config, start.Step, loader.BatchesPerEpoch);

        SparsityPlan plan = SparsityPlan.Create(run.Sparsity, definitions, () => start.DrawnSparsitySeed ?? FirstRank.Draw(ranks));
        definitions = SparseMup.Apply(definitions, plan);
        SparsityLog.Report(context.Logger, run.Sparsity, plan);
        string? dumpDirectory = run.Sparsity is { DumpMasks: true } && ranks.IsFirst ? config.ModelDirectory : null;
        PlannedMasks planned = new(context.Device, plan, start.Step, dumpDirectory);
        using ParameterSet parameters = BuildParameters(context, definitions, planned, start);
        plan = plan.Found(planned.Found);
        SparsityLog.ReportApplied(context.Logger, plan);
        foreach (string line in SparseMup.InWords(definitions, plan, lastStep))
        {
            context.Logger.LogInformation("{Scaling}", line);
        }

        MovingMasks masks = new(context.Device, plan, parameters, planned.Lived);
        Optimizer optimizer = Optimizer.Create(run.Optimizer!, context.Device, parameters);
        start.Restore(optimizer);
        RequireSame(ranks, samples, validation, optimizer);
        GptModel model = new(context.Device, run.Model, parameters);
        using TrainingStep step = new(context.Device, model, optimizer, loader.BatchSize, loader.SequenceLength, config.Seed, ranks: ranks);
        using Evaluators? evaluators =
            validation is null ? null : new Evaluators(context.Device, model, validation, config.EvalSteps, context.Observer, ranks);
        using TrainingOutput? output = TrainingOutput.Open(context, mode, start, plan, parameters, lastStep, shuffleSeed);
        if (config.SaveInitialCheckpoint && start.Step == 0)
        {
            output?.SaveInitial(definitions, start.Weights);
        }

        StepFlops flops = new(
            run.Model, plan, loader.BatchSize, loader.SequenceLength, device: context.Device, microBatches: step.MicroBatches * ranks.Size);
        double secondsBefore = start.Seconds ?? (ranks.IsFirst ? RunMetrics.LoggedSeconds(config.ModelDirectory) : 0);
        TrainingLoop loop = new(context, loader, step, optimizer, evaluators, masks, output, flops, start.State, lastStep, secondsBefore);
        loop.Run(stop);
        return loop.Summarize(start.Path);
    }

    /// <summary>Makes sure that all ranks train one model on the same data before anything is written.</summary>
    private static void RequireSame(Communicator ranks, ISampleSource samples, ValidationData? validation, Optimizer optimizer) =>
        RankComparison.Require(ranks, () =>
        [
            RunFacts.Data("training data", samples), .. validation?.Facts() ?? [], RunFacts.Masks(optimizer.Parameters),
            RunFacts.Weights(optimizer.Parameters), RunFacts.OptimizerState(optimizer),
        ]);

    private static ParameterSet BuildParameters(
        RunContext context, IReadOnlyList<ParameterDefinition> definitions, PlannedMasks masks, StartingPoint start)
    {
        ParameterSet parameters = ParameterSet.Build(context.Device, definitions, start.Weights, masks, trainable: true);
        if (masks.Unplanned.Count > 0)
        {
            parameters.Dispose();
            long weights = masks.Unplanned.Sum(parameter => (long)parameter.NaNs);
            string places = masks.Unplanned.Count == 1 ? "a parameter" : FormattableString.Invariant($"{masks.Unplanned.Count} parameters");
            throw new TrainingException(
                FormattableString.Invariant($"{start.Path}: {weights} {(weights == 1 ? "weight is" : "weights are")} NaN, ")
                + $"the mark of sparse places, in {places} that no sparsity section covers: {Listing(masks.Unplanned)}; "
                + "either give the YAML a sparsity section that does "
                + $"(sparsity 0.0 makes them dense), or write them as zeros with: sparse-engine finalize -i {start.Path} -o FILE");
        }

        return parameters;
    }

    private static string Listing(IReadOnlyList<(string Name, int NaNs)> parameters)
    {
        const int Shown = 4;
        string names = string.Join(", ", parameters.Take(Shown).Select(parameter => $"{parameter.Name} ({parameter.NaNs})"));
        return parameters.Count > Shown ? $"{names}, and {parameters.Count - Shown} more" : names;
    }
}
