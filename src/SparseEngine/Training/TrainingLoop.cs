using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Metrics;
using SparseEngine.Models;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>The modes train and train_and_eval: from a starting point, step after step, to the last step.</summary>
internal sealed class TrainingLoop
{
    private readonly RunContext context;
    private readonly BatchLoader loader;
    private readonly Batch batch;
    private readonly TrainingStep step;
    private readonly Optimizer optimizer;
    private readonly RunCheckpoints checkpoints;
    private readonly RunMetrics log;
    private readonly LearningRateSchedule schedule;
    private readonly Evaluator? evaluator;
    private readonly FlopCount flops;
    private readonly int firstStep;
    private readonly int lastStep;
    private readonly Stopwatch clock = new();
    private int done;
    private int reportedStep;
    private TimeSpan reportedTime;
    private int savedStep;
    private long samplesConsumed;
    private double? lastLoss;
    private EvaluationMetrics? lastEvaluation;

    private TrainingLoop(
        RunContext context, BatchLoader loader, TrainingStep step, Optimizer optimizer, Evaluator? evaluator,
        RunCheckpoints checkpoints, RunMetrics log, FlopCount flops, TrainingState? state, int lastStep)
    {
        this.context = context;
        this.loader = loader;
        this.step = step;
        this.optimizer = optimizer;
        this.evaluator = evaluator;
        this.checkpoints = checkpoints;
        this.log = log;
        this.flops = flops;
        this.lastStep = lastStep;
        batch = new Batch(loader.BatchSize, loader.SequenceLength);
        schedule = new LearningRateSchedule(optimizer.Settings.LearningRate);
        firstStep = done = reportedStep = savedStep = state?.Step ?? 0;
        samplesConsumed = state?.SamplesConsumed ?? 0;
    }

    private RunConfig Config => context.Parameters.RunConfig;

    /// <summary>Builds everything, trains, and releases everything.</summary>
    public static RunSummary Execute(RunContext context, RunMode mode, CancellationToken stop)
    {
        RunParameters run = context.Parameters;
        RunConfig config = run.RunConfig;
        ImmutableArray<NamedShape> definitions = GptArchitecture.Parameters(run.Model);
        SparsityPlan plan = SparsityPlan.Create(run.Sparsity, definitions);
        SparsityLog.Report(context.Logger, run.Sparsity, plan);

        TextLibrary texts = new();
        using ISampleSource samples = TrainingData.Open(run, DataSplit.Training, texts);
        using ISampleSource? validation = mode == RunMode.TrainAndEval ? TrainingData.Open(run, DataSplit.Validation, texts) : null;
        BatchLoader loader = TrainingData.Loader(run, samples, DataSplit.Training);
        int shuffleSeed = TrainingData.ShuffleSeed(run, DataSplit.Training);

        using StartingPoint start = StartingPoint.Open(config, run.Model, definitions, context.Logger);
        start.CompareSeeds(config.Seed, shuffleSeed);
        int lastStep = RunLength.LastStep(config, start.Step, loader.BatchesPerEpoch);

        using ParameterSet parameters = BuildParameters(context, definitions, plan, start);
        using Optimizer optimizer = Optimizer.Create(run.Optimizer!, context.Device, parameters);
        start.Restore(optimizer);
        GptModel model = new(context.Device, run.Model, parameters);
        using TrainingStep step = new(context.Device, model, optimizer, loader.BatchSize, loader.SequenceLength, config.Seed);
        using Evaluator? evaluator = validation is null ? null
            : new Evaluator(context.Device, model, TrainingData.ValidationLoader(context, validation), config.EvalSteps, context.Observer);
        using RunMetrics log = RunMetrics.OpenForTraining(config.ModelDirectory, start.Step);
        log.Describe(start.Step + 1, run.Text, plan, parameters.Elements);
        CheckpointDirectory.RemoveLeftovers(config.ModelDirectory);

        context.Observer.OnStarted(new RunOverview(
            mode, context.Device.Description, start.Step, lastStep, parameters.Elements, parameters.NonZeros, plan, start.Path));
        RunCheckpoints checkpoints = new(config, run.Model, shuffleSeed, context.Observer);
        if (config.SaveInitialCheckpoint && start.Step == 0)
        {
            checkpoints.SaveInitial(definitions, start.Weights);
        }

        FlopCount flops = FlopCount.OfTrainingStep(run.Model, plan, loader.BatchSize, loader.SequenceLength, device: context.Device, microBatches: step.MicroBatches);
        TrainingLoop loop = new(context, loader, step, optimizer, evaluator, checkpoints, log, flops, start.State, lastStep);
        loop.Run(stop);
        return loop.Summarize(start.Path);
    }

    private static ParameterSet BuildParameters(
        RunContext context, IReadOnlyList<NamedShape> definitions, SparsityPlan plan, StartingPoint start)
    {
        RunParameters run = context.Parameters;
        PlannedMasks masks = new(context.Device, plan, run.Sparsity is { DumpMasks: true } ? run.RunConfig.ModelDirectory : null);
        ParameterSet parameters = ParameterSet.Build(context.Device, definitions, start.Weights, masks.Select, trainable: true);
        if (masks.Unplanned.Count > 0)
        {
            parameters.Dispose();
            throw new TrainingException(
                $"{start.Path}: {masks.Unplanned.Sum(parameter => (long)parameter.NaNs)} weights are NaN, the mark of sparse places, in {masks.Unplanned.Count} "
                + $"parameters that no sparsity section covers: {Listing(masks.Unplanned)}; either give the YAML a sparsity section that does "
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

    private void Run(CancellationToken stop)
    {
        while (done < lastStep && !stop.IsCancellationRequested)
        {
            TrainOneStep();
            if (done == lastStep || IsMultipleOf(Config.CheckpointSteps))
            {
                Save();
            }

            if (done < lastStep && IsMultipleOf(Config.EvalFrequency ?? 0))
            {
                Evaluate(stop);
            }
        }

        if (done < lastStep)
        {
            if (done == 0)
            {
                context.Logger.LogInformation("Stopped before the first of {LastStep} steps; the same command starts anew.", lastStep);
                return;
            }

            if (savedStep < done)
            {
                Save();
            }

            context.Logger.LogInformation("Stopped at step {Step} of {LastStep}; its checkpoint holds all that is needed to go on.", done, lastStep);
            return;
        }

        Evaluate(stop);
    }

    private void TrainOneStep()
    {
        clock.Start();
        loader.Load(samplesConsumed, batch);
        step.Run(batch, done, schedule.At(done), Config.CheckLossValues);
        done++;
        samplesConsumed += loader.BatchSize;
        clock.Stop();

        // Figures cost nothing where a step is over when it returns; elsewhere they would make the device wait for this program.
        if (IsLogged || !context.Device.IsAsynchronous)
        {
            Report();
        }
    }

    private bool IsLogged => done == lastStep || IsMultipleOf(Config.LogSteps);

    /// <summary>Reads and shows what the last step measured; times are averages over the steps since the last report.</summary>
    private void Report()
    {
        if (reportedStep == done)
        {
            return;
        }

        clock.Start();
        StepOutcome outcome = step.Read();
        clock.Stop();
        int tokens = loader.BatchSize * loader.SequenceLength;
        double seconds = (clock.Elapsed - reportedTime).TotalSeconds / (done - reportedStep);
        reportedTime = clock.Elapsed;
        reportedStep = done;
        lastLoss = outcome.Loss;
        StepMetrics metrics = new(
            done, outcome.Loss, schedule.At(done - 1), outcome.GradientNorm, tokens, seconds * 1000, tokens / seconds, flops.Dense, flops.Executed);
        if (IsLogged)
        {
            log.Write(metrics);
        }

        context.Observer.OnStep(metrics);
    }

    private void Evaluate(CancellationToken stop)
    {
        Report();
        if (evaluator?.Evaluate(done, stop) is { } metrics)
        {
            lastEvaluation = metrics;
            log.Write(metrics);
            context.Observer.OnEvaluated(metrics);
        }
    }

    private void Save()
    {
        // A step that failed must not become a checkpoint.
        Report();
        log.FlushToDisk();
        checkpoints.Save(optimizer, done, samplesConsumed);
        savedStep = done;
    }

    private bool IsMultipleOf(int period) => period > 0 && done % period == 0;

    private RunSummary Summarize(string? startPath)
    {
        int steps = done - firstStep;
        TrainingMemory memory = TrainingMemory.Of(optimizer);
        return new RunSummary(
            done,
            lastLoss,
            lastEvaluation,
            checkpoints.LastPath ?? startPath,
            steps * flops.Dense,
            steps * flops.Executed,
            memory.DenseBytes,
            memory.Bytes,
            clock.Elapsed.TotalSeconds,
            (long)steps * loader.BatchSize * loader.SequenceLength);
    }
}
