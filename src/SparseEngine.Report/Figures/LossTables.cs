using System.Globalization;
using SparseEngine.Metrics;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;

namespace SparseEngine.Report.Figures;

/// <summary>Losses and their costs in words and numbers.</summary>
internal static class LossTables
{
    /// <summary>Stands where a run never came to a loss.</summary>
    public const string Never = "–";

    private const int Levels = 8;

    private static readonly int[] RoundSteps = [1, 2, 5, 10];

    /// <summary>What a run's log says of a step.</summary>
    public static string Values(LossPoint point)
    {
        string smooth = point.Smooth == point.Loss ? "" : $", {Number(point.Smooth, "0.0000")} smoothed";
        return $"training loss {Number(point.Loss, "0.0000")}{smooth}\n{Place(point.Step, point.Seconds, point.Flops)}";
    }

    /// <summary>What a run's log says of an evaluation.</summary>
    public static string Values(ReportedRun run, EvaluationMetrics evaluation) =>
        $"validation loss {Number(evaluation.Loss, "0.0000")}\n"
            + Place(evaluation.Step, SecondsAt(run, evaluation.Step), FlopsAt(run, evaluation.Step));

    /// <summary>A row for each of some losses, the first run's final one among them: what each run had cost when it first was there.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> CostOfLosses(
        IReadOnlyList<ReportedRun> runs, Func<LossPoint, double> cost, Func<double, string> format)
    {
        ReportedRun[] trained = [.. runs.Where(run => run.Curve.FinalLoss is not null)];
        return
        [
            ["training loss", .. trained.Select(run => run.Name)],
            .. LossesOf(trained).Select(level => (IReadOnlyList<string>)
            [
                Number(level.Loss, "0.0###") + (level.Of is { } name ? $", final of {name}" : ""),
                .. trained.Select(run => run.Curve.CostOf(level.Loss, cost) is { } spent ? format(spent) : Never),
            ]),
        ];
    }

    /// <summary>A row for each evaluation.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Evaluations(IReadOnlyList<ReportedRun> runs) =>
    [
        ["run", "step", "validation loss", "perplexity", "accuracy", "training time", "FLOPs until then"],
        .. runs.SelectMany(run => run.History.Evaluations.Select(evaluation => (IReadOnlyList<string>)
        [
            run.Name,
            Quantity.Count(evaluation.Step),
            Number(evaluation.Loss, "0.0000"),
            Number(evaluation.Perplexity, "0.000"),
            evaluation.Accuracy is { } accuracy ? Number(100 * accuracy, "0.0") + "%" : "",
            run.LastStep is null ? "" : Quantity.Duration(SecondsAt(run, evaluation.Step)),
            run.LastStep is null ? "" : Quantity.Operations(FlopsAt(run, evaluation.Step)),
        ])),
    ];

    /// <summary>A number as a table shows it; nothing where there is none.</summary>
    public static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static double SecondsAt(ReportedRun run, int step) => run.Curve.CostAt(step, point => point.Seconds);

    private static double FlopsAt(ReportedRun run, int step) => run.Curve.CostAt(step, point => point.Flops);

    private static string Place(int step, double seconds, double flops) =>
        $"step {Quantity.Count(step)}, {Quantity.Duration(seconds)}, {Quantity.Operations(flops)}";

    /// <summary>Round losses between the highest and the lowest that the runs came to, and the first one's final loss.</summary>
    private static IEnumerable<(double Loss, string? Of)> LossesOf(ReportedRun[] runs)
    {
        double[] losses = [.. runs.SelectMany(run => run.Curve.Points).Select(point => point.Smooth).Where(double.IsFinite)];
        if (losses.Length == 0)
        {
            return [];
        }

        double least = (losses.Max() - losses.Min()) / Levels;
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(least, 1e-4))));
        double step = RoundSteps.Select(factor => factor * power).First(candidate => candidate >= least);
        int first = (int)Math.Ceiling(losses.Min() / step);
        int last = (int)Math.Floor(losses.Max() / step);
        double final = runs[0].Curve.FinalLoss!.Value;
        return Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(count => (Loss: count * step, Of: (string?)null))
            .Where(level => level.Loss != final)
            .Append((final, runs[0].Name))
            .OrderDescending();
    }
}
