namespace SparseEngine.Configuration;

/// <summary>The runconfig section, after the command line's options are laid over it.</summary>
public sealed record RunConfig
{
    /// <summary>Where everything the run writes goes.</summary>
    public string ModelDirectory { get; init; } = "model_dir";

    /// <summary>The last step, counted from the first of the first run; null where only num_steps or num_epochs is given.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Steps of this run.</summary>
    public int? NumSteps { get; init; }

    /// <summary>Passes over the data of this run.</summary>
    public int? NumEpochs { get; init; }

    /// <summary>Steps of an epoch; null for as many as the data has.</summary>
    public int? StepsPerEpoch { get; init; }

    /// <summary>
    /// The time that a run may take: it measures how long its steps take, and then has as many as fit, over which all its schedules are
    /// stretched. Null for the steps that they are written for, which the limits above say.
    /// </summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>The steps that all schedules are stretched over, as <see cref="TimeBudget"/> chose them before; null where none are.</summary>
    public int? BudgetSteps { get; init; }

    /// <summary>Batches of an evaluation; null for all.</summary>
    public int? EvalSteps { get; init; }

    /// <summary>train_and_eval: steps between two evaluations; null for one evaluation at the end.</summary>
    public int? EvalFrequency { get; init; }

    /// <summary>Steps between two log lines.</summary>
    public int LogSteps { get; init; } = 1;

    /// <summary>Steps between two checkpoints; 0 writes one at the end only.</summary>
    public int CheckpointSteps { get; init; }

    /// <summary>Whether a checkpoint is written before the first step.</summary>
    public bool SaveInitialCheckpoint { get; init; }

    /// <summary>How many checkpoints stay on disk; null for all.</summary>
    public int? KeepCheckpointMax { get; init; }

    /// <summary>
    /// Whether the checkpoint of the lowest validation loss stays under a name of its own, beside those that <see cref="KeepCheckpointMax"/> counts.
    /// </summary>
    public bool KeepBest { get; init; }

    /// <summary>train_and_eval: evaluations without a lower validation loss after which the run ends; null to go on to the last step.</summary>
    public int? EarlyStop { get; init; }

    /// <summary>train_and_eval: the text that each evaluation has the model continue; null for none.</summary>
    public string? SamplePrompt { get; init; }

    /// <summary>Tokens that continue <see cref="SamplePrompt"/>, at most.</summary>
    public int SampleTokens { get; init; } = 128;

    /// <summary>
    /// What reads <see cref="SamplePrompt"/>: <c>byte</c>, <c>gpt2</c>, or the file of a tokenizer; null for that of the training data.
    /// </summary>
    public string? SampleTokenizer { get; init; }

    /// <summary>The checkpoint to start from; null starts fresh or from the newest in the model directory.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Whether <see cref="CheckpointPath"/> gives weights only: the step starts at 0 with a fresh optimizer.</summary>
    public bool IsPretrainedCheckpoint { get; init; }

    /// <summary>Whether a run without <see cref="CheckpointPath"/> goes on from the newest checkpoint in the model directory.</summary>
    public bool AutoloadLastCheckpoint { get; init; } = true;

    /// <summary>Whether a loss that is NaN or infinite ends the run.</summary>
    public bool CheckLossValues { get; init; } = true;

    /// <summary>The seed of the initial weights, of dropout, and of shuffling where that has none of its own.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The number of CS-X systems, for --num_csx and the wafer model.</summary>
    public int NumCsx { get; init; } = 1;

    /// <summary>The log level by Python's names (DEBUG, INFO, WARNING, ERROR, CRITICAL); null for INFO.</summary>
    public string? Logging { get; init; }
}
