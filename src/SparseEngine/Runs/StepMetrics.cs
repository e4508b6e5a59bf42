namespace SparseEngine.Runs;

/// <summary>One training step, as it goes into metrics.jsonl.</summary>
/// <param name="Step">1 for the first update.</param>
/// <param name="Loss">The scaled loss.</param>
/// <param name="LearningRate">The rate of this update.</param>
/// <param name="GradNorm">The global gradient norm before clipping.</param>
/// <param name="Tokens">Tokens in the step's batch.</param>
/// <param name="StepMs">Wall-clock milliseconds; the average since the figures before where those of steps between were not read.</param>
/// <param name="Seconds">
/// Training time so far, evaluations and checkpoints apart, of the runs that this one goes on from too; null in a log of an older version.
/// </param>
/// <param name="TokensPerSecond">Tokens by time.</param>
/// <param name="FlopsDense">Floating-point operations of the same step without sparsity; a multiply-add is 2.</param>
/// <param name="FlopsExecuted">Floating-point operations executed.</param>
public sealed record StepMetrics(
    int Step, double Loss, double LearningRate, double GradNorm, int Tokens, double StepMs, double? Seconds, double TokensPerSecond,
    double FlopsDense, double FlopsExecuted);
