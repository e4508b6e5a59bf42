using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;

namespace SparseEngine.Report.Figures;

/// <summary>The loss over steps, and over what they cost.</summary>
internal static class LossFigures
{
    /// <summary>Over the time that was spent on training for it.</summary>
    public static Figure OverTime(IReadOnlyList<ReportedRun> runs)
    {
        if (runs.All(run => run.LastStep is null))
        {
            return new Figure("loss-time", "Loss over time", "Nothing was trained in this model directory.", Draw: null);
        }

        TimeUnit unit = TimeUnit.For(runs.Max(run => run.TrainSeconds));
        IReadOnlyList<Series> series = SeriesOf(runs, point => point.Seconds / unit.Seconds);
        string counted = string.Join(", ", runs.Where(run => run.IsTimeEstimated).Select(run => run.Name));
        string estimate = counted.Length > 0 ? $" The log of {counted} has no time so far: that is counted from the length of logged steps." : "";
        return new Figure(
            "loss-time",
            "Loss over time",
            "Cross-entropy in nats a token over the time spent on training, evaluations and checkpoints apart. "
                + $"{Legend(runs)}{estimate}{Untrained(runs)}",
            (plot, theme) => Draw(plot, theme, series, $"training time ({unit.Name})"))
        {
            Legend = Named(runs, series),
            Hover = HoverOf(series),
            Numbers = LossTables.CostOfLosses(runs, point => point.Seconds, Quantity.Duration),
        };
    }

    /// <summary>Over the floating-point operations that were executed for it.</summary>
    public static Figure OverFlops(IReadOnlyList<ReportedRun> runs)
    {
        if (runs.All(run => run.LastStep is null))
        {
            return new Figure("loss-flops", "Loss over training FLOPs", "Nothing was trained in this model directory.", Draw: null);
        }

        AxisScale scale = AxisScale.For(runs.Max(run => run.TotalFlops.Executed));
        IReadOnlyList<Series> series = SeriesOf(runs, point => point.Flops / scale.Unit);
        return new Figure(
            "loss-flops",
            "Loss over training FLOPs",
            $"The same losses over the floating-point operations executed until then: what quality costs. {Legend(runs)}{Untrained(runs)}",
            (plot, theme) => Draw(plot, theme, series, $"training FLOPs executed ({scale.Prefix}FLOP)"))
        {
            Legend = Named(runs, series),
            Hover = HoverOf(series),
            Numbers = LossTables.CostOfLosses(runs, point => point.Flops, Quantity.Operations),
        };
    }

    /// <summary>Over steps.</summary>
    public static Figure OverSteps(IReadOnlyList<ReportedRun> runs)
    {
        IReadOnlyList<Series> series = SeriesOf(runs, cost: null);
        ReportedRun[] trained = [.. runs.Where(run => run.LastStep is not null)];
        string sizes = trained.Select(run => run.LastStep!.Tokens).Distinct().Count() > 1
            ? $" Steps differ in size: {string.Join(", ", trained.Select(run => $"{run.Name} {Quantity.Count(run.LastStep!.Tokens)}"))} tokens."
            : "";
        return new Figure(
            "loss-steps", "Loss over steps", $"The same losses over steps. {Legend(runs)}{sizes}", (plot, theme) => Draw(plot, theme, series, "step"))
        {
            Legend = Named(runs, series),
            Hover = HoverOf(series),
            Numbers = LossTables.Evaluations(runs),
        };
    }

    private static string Legend(IReadOnlyList<ReportedRun> runs)
    {
        string lines = runs.Any(run => run.IsSmoothed) ? "Lines: training, smoothed; the faint ones as logged." : "Lines: training.";
        string[] without = [.. runs.Where(run => run.History.Evaluations.IsEmpty).Select(run => run.Name)];
        return without.Length == runs.Count ? lines
            : without.Length == 0 ? $"{lines} Markers: validation."
            : $"{lines} Markers: validation, of which {string.Join(", ", without)} had none.";
    }

    private static string Untrained(IReadOnlyList<ReportedRun> runs)
    {
        string[] names = [.. runs.Where(run => run.LastStep is null).Select(run => run.Name)];
        return names.Length > 0 ? $" Without training in {(names.Length == 1 ? "its folder" : "their folders")}: {string.Join(", ", names)}." : "";
    }

    private static IReadOnlyList<(string Name, int Series)> Named(IReadOnlyList<ReportedRun> runs, IReadOnlyList<Series> series) =>
        runs.Count > 1 ? [.. series.Select(one => (one.Run.Name, one.Index))] : [];

    /// <summary>What there is to draw of each run; over a cost only those that trained.</summary>
    private static IReadOnlyList<Series> SeriesOf(IReadOnlyList<ReportedRun> runs, Func<LossPoint, double>? cost) =>
    [
        .. runs.Select((run, index) => new Series(run, index, cost ?? (point => point.Step), IsStep: cost is null))
            .Where(series => cost is null || series.Run.LastStep is not null),
    ];

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<Series> all, string label)
    {
        List<double> seen = [];

        // The first run lies on top.
        foreach (Series series in all.Reverse())
        {
            SeriesStyle style = SeriesStyle.Of(series.Index);
            Color color = theme.Series(series.Index);
            double[] xs = [.. series.Points.Select(series.Cost)];
            double[] losses = [.. series.Points.Select(point => point.Loss)];
            if (series.Run.IsSmoothed)
            {
                Scatter raw = plot.Add.ScatterLine(xs, losses, color.WithAlpha(0.3));
                raw.LineWidth = 1;
            }

            Scatter line = plot.Add.ScatterLine(xs, series.Points.Select(point => point.Smooth).ToArray(), color);
            line.LineWidth = 2.2f;
            line.LinePattern = style.Pattern;
            double[] validations = [.. series.Evaluations.Select(evaluation => evaluation.Loss)];
            Scatter dots = plot.Add.ScatterPoints(series.Evaluations.Select(series.At).ToArray(), validations, color);
            dots.MarkerSize = 9;
            dots.MarkerShape = style.Marker;
            seen.AddRange(losses);
            seen.AddRange(validations);
        }

        plot.XLabel(label);
        plot.YLabel("loss (nats)");
        plot.HideLegend();
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(0, plot.Axes.GetLimits().Right);
        if (seen.Count > 0)
        {
            double spread = seen.Max() - seen.Min();
            plot.Axes.SetLimitsY(seen.Min() - Math.Max(0.06 * spread, 0.01), seen.Max() + Math.Max(0.06 * spread, 0.01));
        }
    }

    private static IReadOnlyList<HoverPoint> HoverOf(IReadOnlyList<Series> all) =>
    [
        .. all.SelectMany(series => HoverPoint.Thin([.. series.Points.Select(series.Tell)]).Concat(series.Evaluations.Select(series.Tell))),
    ];

    /// <summary>A run in a figure.</summary>
    private sealed record Series(ReportedRun Run, int Index, Func<LossPoint, double> Cost, bool IsStep)
    {
        public IReadOnlyList<LossPoint> Points { get; } = [.. Run.Curve.Points.Where(point => double.IsFinite(point.Loss))];

        public IReadOnlyList<EvaluationMetrics> Evaluations { get; } =
            [.. Run.History.Evaluations.Where(evaluation => double.IsFinite(evaluation.Loss))];

        public double At(EvaluationMetrics evaluation) => IsStep ? evaluation.Step : Run.Curve.CostAt(evaluation.Step, Cost);

        public HoverPoint Tell(LossPoint point) => new(Index, Run.Name, Cost(point), point.Smooth, LossTables.Values(point));

        public HoverPoint Tell(EvaluationMetrics evaluation) =>
            new(Index, Run.Name, At(evaluation), evaluation.Loss, LossTables.Values(Run, evaluation));
    }
}
