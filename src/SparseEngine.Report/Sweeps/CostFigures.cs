using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Plots;

namespace SparseEngine.Report.Sweeps;

/// <summary>The losses of all runs over what they cost, and the front of the best.</summary>
internal static class CostFigures
{
    /// <summary>So many points tell their values at most, of all runs together.</summary>
    private const int MostPoints = 2400;

    private const int MostRows = 40;

    /// <summary>Over the time spent on training.</summary>
    public static Figure OverTime(SweepRuns runs)
    {
        TimeUnit unit = TimeUnit.For(runs.All.Max(run => run.Log.TrainSeconds));
        return Of(
            runs, "loss-time", "Loss over time", $"training time ({unit.Name})", "the time spent on training, evaluations and checkpoints apart",
            loss => loss.Seconds, unit.Seconds, Quantity.Duration);
    }

    /// <summary>Over the floating-point operations executed.</summary>
    public static Figure OverFlops(SweepRuns runs)
    {
        AxisScale scale = AxisScale.For(runs.All.Max(run => run.Log.TotalFlops.Executed));
        return Of(
            runs, "loss-flops", "Loss over training FLOPs", $"training FLOPs executed ({scale.Prefix}FLOP)",
            "the floating-point operations executed until then", loss => loss.Flops, scale.Unit, Quantity.Operations);
    }

    private static Figure Of(
        SweepRuns runs, string id, string title, string label, string cost, Func<MeasuredLoss, double> costOf, double unit,
        Func<double, string> format)
    {
        IReadOnlyList<MeasuredLoss> front = ParetoFront.Of(runs.All.SelectMany(runs.LossesOf), costOf);
        string markers = runs.IsValidated ? " Markers: validation." : "";
        return new Figure(
            id,
            title,
            $"Cross-entropy in nats a token over {cost}. Thin lines: training, smoothed.{markers} The stairs are the Pareto front of the "
                + $"{(runs.IsValidated ? "validation" : "training")} losses: what no run had reached for less. What lies far above the runs' last "
                + "losses is cut off.",
            (plot, theme) => Draw(plot, theme, runs, front, loss => costOf(loss) / unit, label))
        {
            Legend = runs.Legend,
            Hover = HoverOf(runs, loss => costOf(loss) / unit, LimitsOf(runs).Top),
            Numbers =
            [
                ["Pareto front: loss", id == "loss-time" ? "training time" : "training FLOPs", "step", "run"],
                .. Thin(front, MostRows).Select(loss => (IReadOnlyList<string>)
                [
                    LossTables.Number(loss.Loss, "0.0000"), format(costOf(loss)), Quantity.Count(loss.Step), loss.Run.Name,
                ]),
            ],
        };
    }

    private static void Draw(
        Plot plot, PlotTheme theme, SweepRuns runs, IReadOnlyList<MeasuredLoss> front, Func<MeasuredLoss, double> cost, string label)
    {
        bool areMany = runs.Colouring is not null;
        foreach (SweptRun run in runs.All.Reverse())
        {
            Color color = theme.Series(run.Series);
            SeriesStyle style = SeriesStyle.Of(run.Series);
            IReadOnlyList<MeasuredLoss> training = run.Training;
            Scatter line = plot.Add.ScatterLine(training.Select(cost).ToArray(), training.Select(loss => loss.Loss).ToArray(),
                color.WithAlpha(areMany ? 0.45 : 0.75));
            line.LineWidth = areMany ? 0.9f : 1.4f;
            line.LinePattern = style.Pattern;
            IReadOnlyList<MeasuredLoss> evaluations = run.Evaluations;
            Scatter dots = plot.Add.ScatterPoints(evaluations.Select(cost).ToArray(), evaluations.Select(loss => loss.Loss).ToArray(), color);
            dots.MarkerShape = style.Marker;
            dots.MarkerSize = areMany ? 5.5f : 8;
        }

        double right = 1.03 * runs.All.SelectMany(run => run.Training.Concat(run.Evaluations)).Select(cost).DefaultIfEmpty(1).Max();
        DrawFront(plot, theme, front, cost, right);
        (double bottom, double top) = LimitsOf(runs);
        plot.XLabel(label);
        plot.YLabel("loss (nats)");
        plot.HideLegend();
        plot.Axes.SetLimits(0, right > 0 ? right : 1, bottom, top);
    }

    private static void DrawFront(Plot plot, PlotTheme theme, IReadOnlyList<MeasuredLoss> front, Func<MeasuredLoss, double> cost, double right)
    {
        List<double> xs = [];
        List<double> ys = [];
        foreach (MeasuredLoss loss in front)
        {
            if (ys.Count > 0)
            {
                xs.Add(cost(loss));
                ys.Add(ys[^1]);
            }

            xs.Add(cost(loss));
            ys.Add(loss.Loss);
        }

        if (ys.Count > 0)
        {
            xs.Add(right);
            ys.Add(ys[^1]);
            Scatter stairs = plot.Add.ScatterLine(xs.ToArray(), ys.ToArray(), theme.Text.WithAlpha(0.85));
            stairs.LineWidth = 1.8f;
        }
    }

    /// <summary>
    /// The part of the axis where runs differ: from the lowest loss to a little above what nine of ten came to, with what they fell last.
    /// </summary>
    private static (double Bottom, double Top) LimitsOf(SweepRuns runs)
    {
        double[] all = [.. runs.All.SelectMany(run => run.Training.Concat(run.Evaluations)).Select(loss => loss.Loss)];
        double[] ends = [.. runs.All.Select(run => runs.LossesOf(run).Concat(run.Training).Select(loss => loss.Loss).DefaultIfEmpty(double.NaN).Min())
            .Where(double.IsFinite).Order()];
        if (ends.Length == 0)
        {
            return (0, 1);
        }

        double low = all.Min();
        double high = Math.Max(ends[(int)(0.9 * (ends.Length - 1))], Middle(runs));
        double spread = Math.Max(high - low, 0.02);
        return (low - (0.08 * spread), Math.Min(all.Max() + (0.08 * spread), high + (0.6 * spread)));
    }

    /// <summary>Where the median run was after a quarter of its steps.</summary>
    private static double Middle(SweepRuns runs)
    {
        double[] losses =
        [
            .. runs.All.Where(run => run.Training.Count > 0).Select(run => run.Training[run.Training.Count / 4].Loss).Where(double.IsFinite).Order(),
        ];
        return losses.Length == 0 ? double.MinValue : losses[losses.Length / 2];
    }

    private static IReadOnlyList<HoverPoint> HoverOf(SweepRuns runs, Func<MeasuredLoss, double> cost, double top)
    {
        int each = Math.Max(4, MostPoints / Math.Max(1, runs.All.Count));
        return
        [
            .. runs.All.SelectMany(run => Thin([.. run.Training.Where(loss => loss.Loss <= top)], each)
                .Select(loss => Tell(loss, "training loss, smoothed"))
                .Concat(Thin([.. run.Evaluations.Where(loss => loss.Loss <= top)], each).Select(loss => Tell(loss, "validation loss")))),
        ];

        HoverPoint Tell(MeasuredLoss loss, string kind) => new(
            loss.Run.Series, loss.Run.Name, cost(loss), loss.Loss,
            $"{LossTables.Number(loss.Loss, "0.0000")} {kind}\nstep {Quantity.Count(loss.Step)}, {Quantity.Duration(loss.Seconds)}, "
                + Quantity.Operations(loss.Flops));
    }

    /// <summary>At most so many of them, the last among them.</summary>
    private static IEnumerable<MeasuredLoss> Thin(IReadOnlyList<MeasuredLoss> losses, int most)
    {
        int every = ((losses.Count - 1) / most) + 1;
        return losses.Where((_, index) => (losses.Count - 1 - index) % every == 0);
    }
}
