using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SparseEngine.Accounting;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Files;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
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
    private readonly Evaluators? evaluators;
    private readonly StepFlops flops;
    private readonly MovingMasks masks;
    private readonly int firstStep;
    private readonly int lastStep;
    private readonly double secondsBefore;
    private readonly Stopwatch clock = new();
    private int done;
    private int reportedStep;
    private TimeSpan reportedTime;
    private int savedStep;
    private long samplesConsumed;
    private FlopCount flopsDone;
    private int passedOver;

    // Those of earlier steps whose time nobody knows.
    private readonly long untimedSamples;
    private double? lastLoss;
    private ImmutableArray<EvaluationMetrics> lastEvaluations = [];

    private TrainingLoop(
        RunContext context, BatchLoader loader, TrainingStep step, Optimizer optimizer, Evaluators? evaluators, MovingMasks masks,
        RunCheckpoints checkpoints, RunMetrics log, StepFlops flops, TrainingState? state, int lastStep, double secondsBefore)
    {
        this.context = context;
        this.loader = loader;
        this.step = step;
        this.optimizer = optimizer;
        this.evaluators = evaluators;
        this.checkpoints = checkpoints;
        this.log = log;
        this.flops = flops;
        this.masks = masks;
        this.lastStep = lastStep;
        this.secondsBefore = secondsBefore;
        batch = new Batch(loader.BatchSize, loader.SequenceLength);
        schedule = new LearningRateSchedule(optimizer.Settings.LearningRate);
        firstStep = done = reportedStep = savedStep = state?.Step ?? 0;

        // The Model Zoo's files do not say: as if each step had taken such a batch.
        samplesConsumed = state?.SamplesConsumed ?? (long)firstStep * loader.BatchSize;
        untimedSamples = secondsBefore > 0 ? 0 : samplesConsumed;
    }

    private RunConfig Config => context.Parameters.RunConfig;

    /// <summary>Training time so far, of the runs that this one goes on from too.</summary>
    private double Seconds => secondsBefore + clock.Elapsed.TotalSeconds;

    /// <summary>Builds everything, trains, and releases everything.</summary>
    public static RunSummary Execute(RunContext context, RunMode mode, CancellationToken stop)
    {
        RunParameters run = context.Parameters;
        RunConfig config = run.RunConfig;
        using FolderHold hold = FolderHold.Take(config.ModelDirectory);
        ImmutableArray<ParameterDefinition> definitions = GptArchitecture.Parameters(run.Model);
        TextLibrary texts = new();
        InputParameters input = run.TrainInput!;
        using ISampleSource samples = TrainingData.Open(run, input, DataSplit.Training, texts);
        using ValidationData? validation = mode == RunMode.TrainAndEval ? ValidationData.Open(context, texts) : null;
        BatchLoader loader = TrainingData.Loader(run, input, samples, DataSplit.Training);
        int shuffleSeed = TrainingData.ShuffleSeed(run, input);

        using StartingPoint start = StartingPoint.Open(config, run.Model, definitions, context.Logger);
        start.CompareSeeds(config.Seed, shuffleSeed);
        start.CompareWithNewest(config);
        int lastStep = RunLength.LastStep(config, start.Step, loader.BatchesPerEpoch);

        Func<long>? drawSeed = start.DrawnSparsitySeed is { } drawn ? () => drawn : null;
        SparsityPlan plan = SparsityPlan.Create(run.Sparsity, definitions, drawSeed);
        definitions = SparseMup.Apply(definitions, plan);
        SparsityLog.Report(context.Logger, run.Sparsity, plan);
        PlannedMasks planned = new(context.Device, plan, start.Step, run.Sparsity is { DumpMasks: true } ? config.ModelDirectory : null);
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
        GptModel model = new(context.Device, run.Model, parameters);
        using TrainingStep step = new(context.Device, model, optimizer, loader.BatchSize, loader.SequenceLength, config.Seed);
        using Evaluators? evaluators =
            validation is null ? null : new Evaluators(context.Device, model, validation, config.EvalSteps, context.Observer);
        using RunMetrics log = RunMetrics.OpenForTraining(config.ModelDirectory, start.Step, context.Logger);
        log.Describe(start.Step + 1, run.Text, plan.After(start.Step), parameters.Elements);
        RunRecord.WriteConfiguration(run, mode);
        CheckpointDirectory.RemoveLeftovers(config.ModelDirectory);

        context.Observer.OnStarted(new RunOverview(
            mode, context.Device.Description, start.Step, lastStep, parameters.Elements, parameters.NonZeros, plan.After(start.Step), start.Path));
        RunCheckpoints checkpoints = new(config, run.Model, shuffleSeed, plan.DrawnSeed, context.Observer);
        if (config.SaveInitialCheckpoint && start.Step == 0)
        {
            checkpoints.SaveInitial(definitions, start.Weights);
        }

        StepFlops flops = new(run.Model, plan, loader.BatchSize, loader.SequenceLength, device: context.Device, microBatches: step.MicroBatches);
        double secondsBefore = start.Seconds ?? RunMetrics.LoggedSeconds(config.ModelDirectory);
        TrainingLoop loop = new(context, loader, step, optimizer, evaluators, masks, checkpoints, log, flops, start.State, lastStep, secondsBefore);
        loop.Run(stop);
        return loop.Summarize(start.Path);
    }

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
        if (batch.CountedLabels() == 0)
        {
            PassOver();
            return;
        }

        masks.Prepare(done + 1);
        step.Run(batch, done, schedule.At(done), Config.CheckLossValues);
        done++;
        flopsDone = flopsDone.Plus(flops.Of(done));
        samplesConsumed += loader.BatchSize;
        UpdateMasks(flops.DenseGradientsOf(done));
        clock.Stop();

        // Figures cost nothing where a step is over when it returns; elsewhere they would make the device wait for this program.
        if (IsLogged || !context.Device.IsAsynchronous)
        {
            Report();
        }
    }

    private void UpdateMasks(double denseGradientFlops)
    {
        if (!masks.ChangeAfter(done))
        {
            return;
        }

        // A step that failed must not choose masks.
        step.Read();
        MaskUpdateMetrics update = masks.Update(done) with { DenseGradientFlops = denseGradientFlops };
        log.Write(update);
        context.Observer.OnMaskUpdate(update);
    }

    /// <summary>Passes over a step that has nothing to learn from: there is no mean over no labels, and its loss would be NaN.</summary>
    /// <exception cref="TrainingException">The run checks its losses.</exception>
    private void PassOver()
    {
        // What earlier steps measured is told first, and first of all if it ends the run.
        Report();
        string problem = $"step {done + 1}: no label of its batch counts: attention_mask is 0 throughout its {loader.Describe(samplesConsumed)}";
        if (Config.CheckLossValues)
        {
            throw new TrainingException(
                $"{problem}; leave out what has no label, or set {context.Parameters.Keys["runconfig.check_loss_values"]} to False to pass over such "
                + "steps");
        }

        context.Logger.LogWarning("{Problem}; the step changes nothing", problem);
        done++;
        samplesConsumed += loader.BatchSize;
        passedOver++;
        UpdateMasks(denseGradientFlops: 0);
        clock.Stop();
        reportedStep = done;
        reportedTime = clock.Elapsed;
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
        FlopCount spent = flops.Of(done);
        StepMetrics metrics = new(
            done, outcome.Loss, schedule.At(done - 1), outcome.GradientNorm, tokens, seconds * 1000, Seconds, tokens / seconds, spent.Dense,
            spent.Executed);
        if (IsLogged)
        {
            log.Write(metrics);
        }

        context.Observer.OnStep(metrics);
    }

    private void Evaluate(CancellationToken stop)
    {
        Report();
        ImmutableArray<EvaluationMetrics>.Builder evaluations = ImmutableArray.CreateBuilder<EvaluationMetrics>();
        foreach (EvaluationMetrics measured in evaluators?.Evaluate(done, stop) ?? [])
        {
            EvaluationMetrics metrics = measured with { Seconds = Seconds };
            evaluations.Add(metrics);
            log.Write(metrics);
            context.Observer.OnEvaluated(metrics);
        }

        lastEvaluations = evaluations.Count > 0 ? evaluations.ToImmutable() : lastEvaluations;
    }

    private void Save()
    {
        // A step that failed must not become a checkpoint.
        Report();
        log.FlushToDisk();
        checkpoints.Save(optimizer, masks, done, samplesConsumed, Seconds);
        RunRecord.WritePerformance(Config.ModelDirectory, samplesConsumed - untimedSamples, Seconds);
        savedStep = done;
    }

    private bool IsMultipleOf(int period) => period > 0 && done % period == 0;

    private RunSummary Summarize(string? startPath)
    {
        int steps = done - firstStep - passedOver;
        TrainingMemory memory = TrainingMemory.Of(optimizer);
        return new RunSummary(
            done,
            lastLoss,
            lastEvaluations.FirstOrDefault(),
            checkpoints.LastPath ?? startPath,
            flopsDone.Dense,
            flopsDone.Executed,
            memory.DenseBytes,
            memory.Bytes,
            clock.Elapsed.TotalSeconds,
            (long)steps * loader.BatchSize * loader.SequenceLength)
        {
            FurtherEvaluations = [.. lastEvaluations.Skip(1)],
        };
    }
}
