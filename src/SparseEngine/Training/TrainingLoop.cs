using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SparseEngine.Accounting;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Optimizers;
using SparseEngine.Runs;

namespace SparseEngine.Training;

/// <summary>Step after step of a training run, from where it starts to the last one. All ranks take the same turns.</summary>
internal sealed class TrainingLoop
{
    private readonly RunContext context;
    private readonly BatchLoader loader;
    private readonly Batch batch;
    private readonly TrainingStep step;
    private readonly Optimizer optimizer;
    private readonly TrainingOutput? output;
    private readonly LearningRateSchedule schedule;
    private readonly RunEvaluations evaluations;
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

    public TrainingLoop(
        RunContext context, BatchLoader loader, TrainingStep step, Optimizer optimizer, RunEvaluations evaluations, MovingMasks masks,
        TrainingOutput? output, StepFlops flops, TrainingState? state, int lastStep, double secondsBefore)
    {
        this.context = context;
        this.loader = loader;
        this.step = step;
        this.optimizer = optimizer;
        this.evaluations = evaluations;
        this.output = output;
        this.flops = flops;
        this.masks = masks;
        this.lastStep = lastStep;
        this.secondsBefore = secondsBefore;
        batch = new Batch(loader.ShareSize, loader.SequenceLength);
        schedule = new LearningRateSchedule(optimizer.Settings.LearningRate);
        firstStep = done = reportedStep = savedStep = state?.Step ?? 0;

        // The Model Zoo's files do not say: as if each step had taken such a batch.
        samplesConsumed = state?.SamplesConsumed ?? (long)firstStep * loader.BatchSize;
        untimedSamples = secondsBefore > 0 ? 0 : samplesConsumed;
    }

    private RunConfig Config => context.Parameters.RunConfig;

    /// <summary>Training time so far, of the runs that this one goes on from too.</summary>
    private double Seconds => secondsBefore + clock.Elapsed.TotalSeconds;

    /// <summary>Where the run stands.</summary>
    private TrainingProgress Progress => new(done, samplesConsumed, Seconds, evaluations.Progress);

    /// <summary>Whether the run ended before its last step because its validation loss got no lower any more.</summary>
    private bool IsStoppedEarly => done < lastStep && evaluations.AreEnough;

    /// <summary>Trains until the last step, until validation gets no better, or until a rank is asked to stop.</summary>
    /// <param name="startPath">The checkpoint that the run started from; null for none.</param>
    /// <param name="stop">Asks this rank to stop.</param>
    public void Run(string? startPath, CancellationToken stop)
    {
        if (done > 0 && done < lastStep)
        {
            bool isDue = IsMultipleOf(Config.EvalFrequency ?? 0);
            evaluations.TakeUp(done, Path.GetDirectoryName(startPath), isDue, () => Evaluate(stop), SaveBest);
        }

        while (done < lastStep && !evaluations.AreEnough && TrainOneStep(stop))
        {
            if (done == lastStep || IsMultipleOf(Config.CheckpointSteps))
            {
                Save();
            }

            if (done < lastStep && IsMultipleOf(Config.EvalFrequency ?? 0))
            {
                Evaluate(stop);
            }
        }

        if (done == lastStep)
        {
            Evaluate(stop);
            return;
        }

        if (done == 0)
        {
            context.Logger.LogInformation("Stopped before the first of {LastStep} steps; the same command starts anew.", lastStep);
            return;
        }

        if (savedStep < done)
        {
            Save();
        }

        string why = IsStoppedEarly
            ? $"Ended early at step {done} of {lastStep}: {evaluations.Progress.InWords()}"
            : $"Stopped at step {done} of {lastStep}; its checkpoint holds all that is needed to go on.";
        context.Logger.LogInformation("{Why}", why);
    }

    /// <summary>Makes a step, unless a rank is asked to stop.</summary>
    private bool TrainOneStep(CancellationToken stop)
    {
        clock.Start();
        loader.Load(samplesConsumed, batch);
        (long countedLabels, bool isStopped) = step.Begin(batch, stop);
        if (isStopped)
        {
            clock.Stop();
            return false;
        }

        if (countedLabels == 0)
        {
            PassOver();
            return true;
        }

        masks.Prepare(done + 1);
        step.Run(batch, done, schedule.At(done), Config.CheckLossValues, countedLabels);
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

        return true;
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
        output?.Tell(update);
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
        output?.Tell(metrics, IsLogged);
    }

    private void Evaluate(CancellationToken stop)
    {
        Report();
        evaluations.Evaluate(done, Seconds, SaveBest, stop);
    }

    private void Save()
    {
        // A step that failed must not become a checkpoint.
        Report();
        output?.Save(optimizer, masks, Progress, samplesConsumed - untimedSamples);
        savedStep = done;
    }

    private void SaveBest() => output?.SaveBest(optimizer, masks, Progress);

    private bool IsMultipleOf(int period) => period > 0 && done % period == 0;

    /// <summary>What the run came to.</summary>
    /// <param name="startPath">The checkpoint that it started from; null for none.</param>
    public RunSummary Summarize(string? startPath)
    {
        int steps = done - firstStep - passedOver;
        TrainingMemory memory = TrainingMemory.Of(optimizer);
        return new RunSummary(
            done,
            lastLoss,
            evaluations.Last.FirstOrDefault(),
            output?.LastCheckpoint ?? startPath,
            flopsDone.Dense,
            flopsDone.Executed,
            memory.DenseBytes,
            memory.Bytes,
            clock.Elapsed.TotalSeconds,
            (long)steps * loader.BatchSize * loader.SequenceLength)
        {
            FurtherEvaluations = [.. evaluations.Last.Skip(1)],
            IsStoppedEarly = IsStoppedEarly,
        };
    }
}
