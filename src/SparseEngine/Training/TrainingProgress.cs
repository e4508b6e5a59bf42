namespace SparseEngine.Training;

/// <summary>Where a run stands, as its checkpoints keep it.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="SamplesConsumed">Samples that they took.</param>
/// <param name="Seconds">The time that they took.</param>
/// <param name="Validation">The lowest validation loss so far.</param>
internal readonly record struct TrainingProgress(int Step, long SamplesConsumed, double Seconds, ValidationProgress Validation)
{
    /// <summary>Before the first step.</summary>
    public static TrainingProgress None { get; } = new(0, 0, 0, ValidationProgress.None);
}
