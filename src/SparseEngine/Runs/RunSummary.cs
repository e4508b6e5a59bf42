using System.Collections.Immutable;

namespace SparseEngine.Runs;

/// <summary>How a run ended.</summary>
/// <param name="LastStep">The last step done.</param>
/// <param name="LastLoss">Its loss; null where nothing was trained.</param>
/// <param name="Evaluation">The last evaluation, of several validation data on the first; null where there was none.</param>
/// <param name="CheckpointPath">The last checkpoint written or loaded.</param>
/// <param name="FlopsDense">Training FLOPs the same run would have taken dense.</param>
/// <param name="FlopsExecuted">Training FLOPs executed.</param>
/// <param name="StateBytesDense">Bytes of weights, gradients and optimizer state of the same model dense.</param>
/// <param name="StateBytes">Bytes of weights, gradients, optimizer state and sparse patterns.</param>
/// <param name="TrainSeconds">Wall-clock seconds spent in training steps by this run alone.</param>
/// <param name="TokensTrained">Tokens trained on.</param>
public sealed record RunSummary(
    int LastStep, double? LastLoss, EvaluationMetrics? Evaluation, string? CheckpointPath, double FlopsDense, double FlopsExecuted,
    long StateBytesDense, long StateBytes, double TrainSeconds, long TokensTrained)
{
    /// <summary>The last evaluation on each of the other validation data.</summary>
    public ImmutableArray<EvaluationMetrics> FurtherEvaluations { get; init; } = [];

    /// <summary>Whether the run ended before its last step because its validation loss got no lower any more.</summary>
    public bool IsStoppedEarly { get; init; }
}
