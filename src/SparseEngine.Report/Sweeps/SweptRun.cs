using SparseEngine.Metrics;
using SparseEngine.Report.Runs;
using SparseEngine.Sweeps;

namespace SparseEngine.Report.Sweeps;

/// <summary>A measured loss of a run, and what it had cost until then.</summary>
/// <param name="Run">The run.</param>
/// <param name="Step">Its step.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Seconds">Training time until then.</param>
/// <param name="Flops">Training FLOPs executed until then.</param>
internal readonly record struct MeasuredLoss(SweptRun Run, int Step, double Loss, double Seconds, double Flops);

/// <summary>A run of a sweep with its curves.</summary>
/// <param name="Definition">What it is.</param>
/// <param name="Result">What it has come to.</param>
/// <param name="Log">Its losses and their costs.</param>
/// <param name="Series">The number that it shares its colour by.</param>
internal sealed record SweptRun(RunDefinition Definition, SweepResult Result, ReportedRun Log, int Series)
{
    /// <summary>Its name.</summary>
    public string Name => Definition.Name;

    /// <summary>Its evaluations with losses that are numbers.</summary>
    public IReadOnlyList<MeasuredLoss> Evaluations =>
    [
        .. Log.History.Evaluations.Where(evaluation => double.IsFinite(evaluation.Loss)).Select(evaluation => new MeasuredLoss(
            this, evaluation.Step, evaluation.Loss, Log.Curve.CostAt(evaluation.Step, point => point.Seconds),
            Log.Curve.CostAt(evaluation.Step, point => point.Flops))),
    ];

    /// <summary>Its smoothed training losses.</summary>
    public IReadOnlyList<MeasuredLoss> Training =>
    [
        .. Log.Curve.Points.Where(point => double.IsFinite(point.Smooth))
            .Select(point => new MeasuredLoss(this, point.Step, point.Smooth, point.Seconds, point.Flops)),
    ];

    /// <summary>Reads the log of a run; null where it has none yet.</summary>
    public static SweptRun? Find(string directory, RunDefinition definition, SweepResult result, int series)
    {
        string folder = Path.Combine(directory, definition.Name);
        if (!File.Exists(MetricsLog.PathIn(folder)))
        {
            return null;
        }

        MetricsHistory history = MetricsHistory.Read(folder);
        return history.Steps.IsEmpty ? null : new SweptRun(definition, result, new ReportedRun(definition.Name, history, null, []), series);
    }
}
