using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Optimizers;
using SparseEngine.Runs;
using SparseEngine.Sparsity;

namespace SparseEngine.Training;

/// <summary>What a training run leaves in its folder and tells who follows it. Of several ranks the first alone has one.</summary>
internal sealed class TrainingOutput : IDisposable
{
    private readonly RunContext context;
    private readonly RunMetrics log;
    private readonly RunCheckpoints checkpoints;

    private TrainingOutput(RunContext context, RunMetrics log, RunCheckpoints checkpoints)
    {
        this.context = context;
        this.log = log;
        this.checkpoints = checkpoints;
    }

    /// <summary>The last checkpoint written.</summary>
    public string? LastCheckpoint => checkpoints.LastPath;

    /// <summary>Opens the run's figures, and writes and tells what the run is.</summary>
    /// <param name="context">The run.</param>
    /// <param name="mode">Train, or train and evaluate.</param>
    /// <param name="start">Where it goes on from.</param>
    /// <param name="plan">Its sparse weights, from the beginning of the run.</param>
    /// <param name="parameters">The model's parameters.</param>
    /// <param name="lastStep">The step that it ends with.</param>
    /// <param name="shuffleSeed">The seed of its samples' order.</param>
    /// <returns>Null for all ranks but the first.</returns>
    public static TrainingOutput? Open(
        RunContext context, RunMode mode, StartingPoint start, SparsityPlan plan, ParameterSet parameters, int lastStep, int shuffleSeed)
    {
        if (!context.Ranks.IsFirst)
        {
            return null;
        }

        (RunConfig config, ModelParameters model) = (context.Parameters.RunConfig, context.Parameters.Model);
        RunMetrics log = RunMetrics.OpenForTraining(config.ModelDirectory, start.Step, context.Logger);
        try
        {
            SparsityPlan current = plan.After(start.Step);
            log.Describe(start.Step + 1, context.Parameters.Text, current, parameters.Elements);
            RunRecord.WriteConfiguration(context.Parameters, mode);
            CheckpointDirectory.RemoveLeftovers(config.ModelDirectory);
            context.Observer.OnStarted(new RunOverview(
                mode, context.Device.Description, start.Step, lastStep, parameters.Elements, parameters.NonZeros, current, start.Path));
            return new TrainingOutput(context, log, new RunCheckpoints(config, model, shuffleSeed, plan.DrawnSeed, context.Observer));
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Writes the weights that the run starts from.</summary>
    public void SaveInitial(IReadOnlyList<ParameterDefinition> definitions, IWeightSource weights) => checkpoints.SaveInitial(definitions, weights);

    /// <summary>Tells of a step.</summary>
    /// <param name="step">What it measured.</param>
    /// <param name="isLogged">Whether it is written down, too.</param>
    public void Tell(StepMetrics step, bool isLogged)
    {
        if (isLogged)
        {
            log.Write(step);
        }

        context.Observer.OnStep(step);
    }

    /// <summary>Writes down and tells of an update of the masks.</summary>
    public void Tell(MaskUpdateMetrics update)
    {
        log.Write(update);
        context.Observer.OnMaskUpdate(update);
    }

    /// <summary>Writes down and tells of an evaluation.</summary>
    public void Tell(EvaluationMetrics evaluation)
    {
        log.Write(evaluation);
        context.Observer.OnEvaluated(evaluation);
    }

    /// <summary>Tells of a text that the model has continued.</summary>
    public void Tell(TextSample sample)
    {
        log.Write(sample);
        context.Observer.OnSample(sample);
    }

    /// <summary>Writes a checkpoint after all figures of its steps.</summary>
    /// <param name="optimizer">The model with the optimizer's state.</param>
    /// <param name="masks">The masks that move.</param>
    /// <param name="progress">Where the run stands.</param>
    /// <param name="timedSamples">Those of its samples whose time is known.</param>
    public void Save(Optimizer optimizer, MovingMasks masks, TrainingProgress progress, long timedSamples)
    {
        log.FlushToDisk();
        checkpoints.Save(optimizer, masks, progress);
        RunRecord.WritePerformance(context.Parameters.RunConfig.ModelDirectory, timedSamples, progress.Seconds);
    }

    /// <summary>Writes the checkpoint of the lowest validation loss after all figures of its steps.</summary>
    public void SaveBest(Optimizer optimizer, MovingMasks masks, TrainingProgress progress)
    {
        log.FlushToDisk();
        checkpoints.SaveBest(optimizer, masks, progress);
    }

    /// <inheritdoc/>
    public void Dispose() => log.Dispose();
}
