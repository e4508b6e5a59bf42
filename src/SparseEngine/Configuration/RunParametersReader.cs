using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>Reads a run's YAML in the Model Zoo 1.8 layout.</summary>
public static class RunParametersReader
{
    /// <summary>Reads and validates a file.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">Command-line options that win over runconfig; null values change nothing.</param>
    /// <exception cref="ConfigurationException">The file cannot be read or is not valid; all its problems at once.</exception>
    public static ReadResult ReadFile(string path, RunConfigOverrides? overrides = null) =>
        throw new NotImplementedException();
}

/// <summary>What a YAML file says, and what in it is doubtful.</summary>
/// <param name="Parameters">The run.</param>
/// <param name="Warnings">Unknown keys, duplicate keys, and values taken differently than written.</param>
public sealed record ReadResult(RunParameters Parameters, ImmutableArray<Diagnostic> Warnings);

/// <summary>The command-line options of <c>run</c> that override runconfig.</summary>
public sealed record RunConfigOverrides
{
    /// <summary>--model_dir.</summary>
    public string? ModelDirectory { get; init; }

    /// <summary>--checkpoint_path.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>--is_pretrained_checkpoint.</summary>
    public bool? IsPretrainedCheckpoint { get; init; }

    /// <summary>--max_steps.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>--num_steps.</summary>
    public int? NumSteps { get; init; }

    /// <summary>--num_epochs.</summary>
    public int? NumEpochs { get; init; }

    /// <summary>--eval_steps.</summary>
    public int? EvalSteps { get; init; }

    /// <summary>--num_csx.</summary>
    public int? NumCsx { get; init; }

    /// <summary>--logging.</summary>
    public string? Logging { get; init; }
}
