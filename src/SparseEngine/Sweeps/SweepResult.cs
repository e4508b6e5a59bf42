using SparseEngine.Data;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Sweeps;

/// <summary>What a run of a sweep has come to, from what it logged.</summary>
public sealed class SweepResult
{
    private SweepResult()
    {
    }

    /// <summary>Where it stands.</summary>
    public required SweepStatus Status { get; init; }

    /// <summary>Why it failed, in a line; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Steps done by its log; 0 where there is none.</summary>
    public int Steps { get; init; }

    /// <summary>
    /// The steps that the run's schedules are stretched over, those that its time budget chose; null where they are as they are written.
    /// </summary>
    public int? BudgetSteps { get; init; }

    /// <summary>Seconds of training, evaluations and checkpoints apart.</summary>
    public double Seconds { get; init; }

    /// <summary>Training FLOPs executed.</summary>
    public double Flops { get; init; }

    /// <summary>The training loss of its last logged step; null where none was logged.</summary>
    public double? TrainingLoss { get; init; }

    /// <summary>The loss of its last evaluation; null where there was none.</summary>
    public double? LastValidationLoss { get; init; }

    /// <summary>The lowest loss of its evaluations; null where there was none that is a number.</summary>
    public double? BestValidationLoss { get; init; }

    /// <summary>Reads a run's folder.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="ended">Done or Failed; null where it is neither.</param>
    /// <param name="error">Why it failed.</param>
    internal static SweepResult Read(string directory, SweepStatus? ended, string? error)
    {
        MetricsHistory? history = Find(directory);
        SweepStatus status = ended ?? (history is null ? SweepStatus.Waiting : SweepStatus.Started);
        if (history is null)
        {
            return new SweepResult { Status = status, Error = error };
        }

        StepMetrics? last = history.Steps.LastOrDefault();
        double[] losses = [.. history.Evaluations.Select(evaluation => evaluation.Loss).Where(double.IsFinite)];
        return new SweepResult
        {
            Status = status,
            Error = error,
            Steps = last?.Step ?? 0,
            BudgetSteps = RunFile.ReadBudgetSteps(directory),
            Seconds = history.SecondsSoFar().LastOrDefault(),
            Flops = history.FlopsSoFar().LastOrDefault().Executed,
            TrainingLoss = last?.Loss,
            LastValidationLoss = history.Evaluations.LastOrDefault()?.Loss,
            BestValidationLoss = losses.Length > 0 ? losses.Min() : null,
        };
    }

    private static MetricsHistory? Find(string directory)
    {
        try
        {
            return MetricsHistory.Read(directory);
        }
        catch (DataException)
        {
            // A run that failed early has none.
            return null;
        }
    }
}
