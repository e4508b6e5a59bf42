using System.Collections.Immutable;
using SparseEngine.Accounting;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Metrics;
using SparseEngine.Runs;

namespace SparseEngine.Report.Runs;

/// <summary>What a run left in its model directory, as far as it goes.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="History">Its losses, speeds and FLOPs.</param>
/// <param name="Model">Its model and which weights are zero, from its newest checkpoint; null without one.</param>
/// <param name="Operations">Where its time went, from <c>run --profile</c>; empty without.</param>
internal sealed record ReportedRun(string Name, MetricsHistory History, ReportedModel? Model, IReadOnlyList<OperationTotal> Operations)
{
    /// <summary>Training FLOPs up to each logged step.</summary>
    public ImmutableArray<FlopCount> Flops { get; } = History.FlopsSoFar();

    /// <summary>Its training loss over steps, time and FLOPs.</summary>
    public LossCurve Curve { get; } = new(History);

    /// <summary>How its masks moved; null where they did not.</summary>
    public MaskHistory? Masks { get; } = MaskHistory.Of(History);

    /// <summary>Whether there is more to draw of its training loss than what was logged.</summary>
    public bool IsSmoothed => Curve.Points.Any(point => double.IsFinite(point.Loss) && point.Smooth != point.Loss);

    /// <summary>Time spent on its training, in seconds, evaluations and checkpoints apart.</summary>
    public double TrainSeconds => Curve.Points.IsEmpty ? 0 : Curve.Points[^1].Seconds;

    /// <summary>Whether that is counted from the length of logged steps: its log, of an older version, has no time so far.</summary>
    public bool IsTimeEstimated => History.Steps.Any(step => step.Seconds is null);

    /// <summary>The last logged step; null where nothing was trained.</summary>
    public StepMetrics? LastStep => History.Steps.IsEmpty ? null : History.Steps[^1];

    /// <summary>The evaluation with the lowest loss; null where nothing was evaluated.</summary>
    public EvaluationMetrics? BestEvaluation => History.Evaluations.MinBy(evaluation => evaluation.Loss);

    /// <summary>FLOPs of the whole training.</summary>
    public FlopCount TotalFlops => Flops.IsEmpty ? default : Flops[^1];

    /// <summary>
    /// The median speed over the logged steps, in tokens a second, so that a slow start does not count; null where nothing was trained.
    /// </summary>
    public double? TokensPerSecond
    {
        get
        {
            double[] speeds = [.. History.Steps.Select(step => step.TokensPerSecond).Where(double.IsFinite).Order()];
            return speeds.Length == 0 ? null : speeds[speeds.Length / 2];
        }
    }

    /// <summary>Reads a model directory; a run may be writing to it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">What to call the run.</param>
    /// <param name="warn">Told in a line of what is there and cannot be used.</param>
    /// <exception cref="Data.DataException">It holds no metrics, or damaged ones.</exception>
    public static ReportedRun Read(string directory, string name, Action<string> warn)
    {
        MetricsHistory history = MetricsHistory.Read(directory);
        if (history.Steps.IsEmpty && history.Evaluations.IsEmpty)
        {
            throw new Data.DataException($"{MetricsLog.PathIn(directory)}: has no step and no evaluation yet; valid: a run that has logged one");
        }

        string trace = Path.Combine(directory, ChromeTrace.FileName);
        return new ReportedRun(name, history, ReportedModel.Find(directory, warn), File.Exists(trace) ? ChromeTrace.ReadTotals(trace) : []);
    }
}
