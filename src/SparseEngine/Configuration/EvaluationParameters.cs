using System.Collections.Immutable;

namespace SparseEngine.Configuration;

/// <summary>What a file says of the mode eval, or eval_all, alone: the sections validate and validate_all of the trainer layout.</summary>
public sealed record EvaluationParameters
{
    /// <summary>What is evaluated on, one after another; empty where the file has no such data.</summary>
    public required ImmutableArray<InputParameters> Inputs { get; init; }

    /// <summary>The checkpoint to evaluate, for eval; null takes the newest in the model directory.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>
    /// The checkpoints to evaluate, for eval_all: paths whose file names may have the wildcards * and ?; empty for all in the model directory.
    /// </summary>
    public ImmutableArray<string> CheckpointPaths { get; init; } = [];
}
