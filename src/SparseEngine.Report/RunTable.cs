using System.Globalization;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Runs;

namespace SparseEngine.Report;

/// <summary>The runs of a report side by side.</summary>
internal static class RunTable
{
    /// <summary>A heading, then a row for each.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(List<ReportedRun> runs, int systems) =>
    [
        [
            "run", "zeros", "tokens a step", "steps", "training loss", "validation loss", "perplexity", "training time", SecondsHeading(runs[0]),
            "training FLOPs", "of dense", "tokens/s", "CS-2 tokens/s, predicted",
        ],
        .. runs.Select(run => (IReadOnlyList<string>)
        [
            run.Name,
            LossTables.Number(100 * run.Model?.Sparsity, "0.##") is { Length: > 0 } zeros ? $"{zeros}%" : "",
            run.LastStep is { } one ? Quantity.Count(one.Tokens) : "",
            run.LastStep is { } last ? Quantity.Count(last.Step) : "",
            LossTables.Number(run.LastStep?.Loss, "0.0000"),
            LossTables.Number(run.BestEvaluation?.Loss, "0.0000"),
            LossTables.Number(run.BestEvaluation?.Perplexity, "0.000"),
            run.LastStep is null ? "" : Time(run),
            SecondsTo(runs[0], run),
            run.Flops.IsEmpty ? "" : Quantity.Operations(run.TotalFlops.Executed),
            run.Flops.IsEmpty ? "" : Quantity.Percent(run.TotalFlops.Executed, run.TotalFlops.Dense),
            run.TokensPerSecond is { } speed ? Quantity.Count(speed) : "",
            run is { Model: { } predicted, LastStep: { } trained } ? Quantity.Count(predicted.Predict(trained.Tokens, systems).TokensPerSecond) : "",
        ]),
    ];

    /// <summary>How long a run trained; with a ~ where its log does not say and its steps' length must.</summary>
    public static string Time(ReportedRun run) => Mark(run) + Quantity.Duration(run.TrainSeconds);

    private static string SecondsHeading(ReportedRun main) =>
        $"seconds to {main.Name}'s final loss{(main.Curve.FinalLoss is { } loss ? $", {LossTables.Number(loss, "0.0000")}" : "")}";

    /// <summary>When a run first had the first one's final loss; both smoothed, as <see cref="LossCurve"/> says.</summary>
    private static string SecondsTo(ReportedRun main, ReportedRun run) => (main.Curve.FinalLoss, run.Curve.FinalLoss) switch
    {
        ({ } final, not null) => run.Curve.CostOf(final, point => point.Seconds) is { } seconds
            ? Mark(run) + seconds.ToString(seconds < 1000 ? "0.0" : "N0", CultureInfo.InvariantCulture)
            : LossTables.Never,
        _ => "",
    };

    private static string Mark(ReportedRun run) => run.IsTimeEstimated ? "~" : "";
}
