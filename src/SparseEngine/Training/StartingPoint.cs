using Microsoft.Extensions.Logging;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.DataParallel;
using SparseEngine.Distributed;
using SparseEngine.Models;
using SparseEngine.Optimizers;

namespace SparseEngine.Training;

/// <summary>
/// What a training run starts from: a checkpoint with its step and optimizer state, a checkpoint's weights alone, or initial weights.
/// </summary>
internal sealed class StartingPoint : IDisposable
{
    private readonly CheckpointReader? reader;
    private readonly ILogger logger;

    private StartingPoint(string? path, CheckpointReader? reader, IWeightSource weights, TrainingState? state, ILogger logger)
    {
        Path = path;
        this.reader = reader;
        Weights = weights;
        State = state;
        this.logger = logger;
    }

    /// <summary>The checkpoint; null for initial weights.</summary>
    public string? Path { get; }

    /// <summary>The weights before masking.</summary>
    public IWeightSource Weights { get; }

    /// <summary>Where the run that wrote the checkpoint stood; null where this run starts at step 0.</summary>
    public TrainingState? State { get; }

    /// <summary>Steps already done.</summary>
    public int Step => State?.Step ?? 0;

    /// <summary>The training time of those steps, in seconds; null where the checkpoint does not say.</summary>
    public double? Seconds => State is null || reader is null ? 0 : TrainingTime.Read(reader);

    /// <summary>The lowest validation loss of those steps, as far as the checkpoint says.</summary>
    public ValidationProgress Validation => State is null || reader is null ? ValidationProgress.None : ValidationProgress.Read(reader);

    /// <summary>The steps that the run of the checkpoint has by its budget; null where it has none.</summary>
    public int? BudgetSteps => State is null || reader is null ? null : TimeBudget.Read(reader);

    /// <summary>The seed that the run which this one goes on from drew for sparsity groups without one; null where there is none.</summary>
    public long? DrawnSparsitySeed => State is not null && reader is not null ? SparsitySeed.Read(reader) : null;

    /// <summary>
    /// The checkpoint a run is to load: runconfig.checkpoint_path, else the newest in the model directory where autoload is on; null for none. All
    /// ranks load the one that rank 0 finds.
    /// </summary>
    /// <exception cref="CheckpointException">
    /// The model directory has checkpoints and none is whole: to start afresh there would overwrite what is left of them.
    /// </exception>
    public static string? FindCheckpoint(RunConfig config, ILogger logger, Communicator ranks) =>
        config.CheckpointPath is not null || !config.AutoloadLastCheckpoint
            ? config.CheckpointPath
            : FirstRank.Paths(ranks, () => FindNewest(config, logger) is { } newest ? [newest] : []).SingleOrDefault();

    /// <summary>Opens what the run starts from and says so in the log.</summary>
    /// <exception cref="CheckpointException">The checkpoint cannot be read or is not one of this model.</exception>
    /// <exception cref="ConfigurationException">The checkpoint was saved from another model, and is not given for its weights alone.</exception>
    public static StartingPoint Open(
        RunConfig config, ModelParameters model, IReadOnlyList<ParameterDefinition> definitions, ILogger logger, Communicator ranks)
    {
        if (FindCheckpoint(config, logger, ranks) is not { } path)
        {
            logger.LogInformation("Starting from initial weights, seed {Seed}.", config.Seed);
            return new StartingPoint(null, null, new InitialWeights(config.Seed), null, logger);
        }

        CheckpointReader reader = CheckpointReader.Open(path);
        try
        {
            CheckModel(reader, model, config, logger);
            CheckpointWeights weights = new(reader, definitions, mayBeEmpty: true);
            StartingPoint start = new(path, reader, weights, IsForWeightsAlone(config) ? null : reader.State, logger);
            foreach (string warning in start.State is null ? [] : reader.Warnings)
            {
                logger.LogWarning("{Warning}", warning);
            }

            logger.LogInformation("Starting from {Path} at step {Step}.", path, start.Step);
            return start;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Checks that a checkpoint is used as the model it was saved from; one given for its weights alone may become another.</summary>
    /// <exception cref="ConfigurationException">It was saved from another model.</exception>
    public static void CheckModel(CheckpointReader reader, ModelParameters model, RunConfig config, ILogger logger)
    {
        CheckpointModel.Check(
            reader,
            model,
            "make the section that of the checkpoint, or give its weights to this model with --checkpoint_path and --is_pretrained_checkpoint",
            IsForWeightsAlone(config) ? warning => logger.LogWarning("{Warning}", warning) : null);
    }

    /// <summary>
    /// Warns where this run's seeds differ from those of the run it continues: its data order and dropout then differ from an unbroken run's.
    /// </summary>
    public void CompareSeeds(int seed, int shuffleSeed)
    {
        if (State is { Seed: { } oldSeed, ShuffleSeed: { } oldShuffleSeed } && (oldSeed != seed || oldShuffleSeed != shuffleSeed))
        {
            logger.LogWarning(
                "{Path} was written with seed {OldSeed} and shuffle seed {OldShuffleSeed}; this run uses {Seed} and {ShuffleSeed}, "
                + "so it will not repeat an unbroken run.",
                Path,
                oldSeed,
                oldShuffleSeed,
                seed,
                shuffleSeed);
        }
    }

    /// <summary>
    /// Warns where the model directory has checkpoints of later steps than this run starts from: they are another run's, and stay the newest.
    /// </summary>
    public void CompareWithNewest(RunConfig config)
    {
        bool isChosen = config.CheckpointPath is not null || !config.AutoloadLastCheckpoint;
        if (isChosen && CheckpointDirectory.LastStep(config.ModelDirectory) is { } newest && newest > Step)
        {
            logger.LogWarning(
                "{ModelDirectory} has checkpoints up to step {Newest}; this run starts from step {Step}: the log of later steps starts again, "
                + "and a run without "
                + "checkpoint_path would go on from the newest of them all. Another model_dir keeps the two apart.",
                config.ModelDirectory,
                newest,
                Step);
        }
    }

    /// <summary>Loads the optimizer's state; it stays zero where the run starts afresh or the checkpoint has none.</summary>
    public void Restore(Optimizer optimizer)
    {
        if (State is null || reader is null || optimizer.StateNames.IsEmpty)
        {
            return;
        }

        List<string> missing =
        [
            .. optimizer.Parameters.SelectMany(parameter => optimizer.StateNames.Select(state => OptimizerStateName.Of(parameter.Name, state)))
                .Where(key => !reader.Contains(key)),
        ];
        if (missing.Count > 0)
        {
            // What a reader could not make out it has told itself.
            if (State.Step > 0 && reader.Warnings.IsEmpty)
            {
                logger.LogWarning(
                    "{Path} lacks {Tensors} of the optimizer's state, first {First}; the optimizer starts afresh.",
                    Path,
                    Counted.Of(missing.Count, "tensor"),
                    missing[0]);
            }

            return;
        }

        foreach (Parameter parameter in optimizer.Parameters)
        {
            float[] dense = new float[parameter.Elements];
            for (int state = 0; state < optimizer.StateNames.Length; state++)
            {
                reader.Read(OptimizerStateName.Of(parameter.Name, optimizer.StateNames[state]), dense);
                parameter.Store(dense, parameter.States[state]);
            }
        }

        optimizer.Updates = OptimizerStateName.UpdatesIn(reader.Metadata) ?? State.Step;
    }

    /// <inheritdoc/>
    public void Dispose() => reader?.Dispose();

    private static string? FindNewest(RunConfig config, ILogger logger) =>
        CheckpointDirectory.FindNewest(config.ModelDirectory, warning => logger.LogWarning("{Warning}", warning))
            ?? (CheckpointDirectory.All(config.ModelDirectory).Count == 0
                ? null
                : throw new CheckpointException(
                    $"{config.ModelDirectory}: holds checkpoints and none is whole; to start afresh remove them, give another model_dir, "
                    + "or set autoload_last_checkpoint to False"));

    private static bool IsForWeightsAlone(RunConfig config) => config is { CheckpointPath: not null, IsPretrainedCheckpoint: true };
}
