using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>The loss over steps, and over what they cost.</summary>
internal static class LossFigures
{
    /// <summary>From this many points on, the points are noise around a line.</summary>
    private const int ManyPoints = 40;

    /// <summary>Over steps.</summary>
    public static Figure OverSteps(IReadOnlyList<ReportedRun> runs) => new(
        "loss-steps", "Loss over steps", $"Cross-entropy in nats a token. {Legend(runs)}", (plot, theme) =>
        {
            Draw(plot, theme, runs, (_, step) => step);
            plot.XLabel("step");
        })
    {
        Numbers = Numbers(runs),
    };

    /// <summary>Over the floating-point operations that were executed for it.</summary>
    public static Figure OverFlops(IReadOnlyList<ReportedRun> runs)
    {
        if (runs.All(run => run.Flops.IsEmpty))
        {
            return new Figure("loss-flops", "Loss over training FLOPs", "Nothing was trained in this model directory.", Draw: null);
        }

        AxisScale scale = AxisScale.For(runs.Max(run => run.TotalFlops.Executed));
        return new Figure(
            "loss-flops",
            "Loss over training FLOPs",
            $"The same losses over the floating-point operations executed until then: what quality costs. {Legend(runs)}",
            (plot, theme) =>
            {
                Draw(plot, theme, runs.Where(run => !run.Flops.IsEmpty).ToList(), (run, step) => FlopsAt(run, step) / scale.Unit);
                plot.XLabel($"training FLOPs executed ({scale.Prefix}FLOP)");
            });
    }

    private static string Legend(IReadOnlyList<ReportedRun> runs) =>
        runs.Any(run => !run.History.Evaluations.IsEmpty) ? "Lines: training, the faint one as logged. Dots: validation." : "The faint line is as logged.";

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<ReportedRun> runs, Func<ReportedRun, int, double> xOf)
    {
        List<double> seen = [];
        for (int index = 0; index < runs.Count; index++)
        {
            ReportedRun run = runs[index];
            Color color = theme.Series(index);
            StepMetrics[] steps = [.. run.History.Steps.Where(step => double.IsFinite(step.Loss))];
            double[] xs = [.. steps.Select(step => xOf(run, step.Step))];
            double[] losses = [.. steps.Select(step => step.Loss)];
            double[] smooth = losses.Length < ManyPoints ? losses : Smoothed(losses);
            if (losses.Length >= ManyPoints)
            {
                Scatter raw = plot.Add.ScatterLine(xs, losses, color.WithAlpha(0.3));
                raw.LineWidth = 1;
            }

            Scatter line = plot.Add.ScatterLine(xs, smooth, color);
            line.LineWidth = 2.2f;
            line.LegendText = runs.Count > 1 ? run.Name : "training";
            EvaluationMetrics[] evaluations = [.. run.History.Evaluations.Where(evaluation => double.IsFinite(evaluation.Loss))];
            if (evaluations.Length > 0)
            {
                Scatter dots = plot.Add.ScatterPoints(
                    evaluations.Select(evaluation => xOf(run, evaluation.Step)).ToArray(), evaluations.Select(evaluation => evaluation.Loss).ToArray(), color);
                dots.MarkerSize = 8;
                dots.LegendText = runs.Count > 1 ? "" : "validation";
                seen.AddRange(evaluations.Select(evaluation => evaluation.Loss));
            }

            seen.AddRange(losses);
        }

        plot.YLabel("loss (nats)");
        plot.ShowLegend(Alignment.UpperRight);
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(0, plot.Axes.GetLimits().Right);
        if (seen.Count > 0)
        {
            double spread = seen.Max() - seen.Min();
            plot.Axes.SetLimitsY(seen.Min() - Math.Max(0.06 * spread, 0.01), seen.Max() + Math.Max(0.06 * spread, 0.01));
        }
    }

    private static double[] Smoothed(double[] values)
    {
        // An exponential average over a fiftieth of the run, begun at the first value.
        double weight = 1 - Math.Exp(-50.0 / values.Length);
        double[] smooth = new double[values.Length];
        double average = values[0];
        for (int index = 0; index < values.Length; index++)
        {
            average += weight * (values[index] - average);
            smooth[index] = average;
        }

        return smooth;
    }

    /// <summary>FLOPs up to a step, which need not be a logged one.</summary>
    private static double FlopsAt(ReportedRun run, int step)
    {
        (int Step, double Flops) before = (0, 0);
        for (int index = 0; index < run.Flops.Length; index++)
        {
            (int Step, double Flops) here = (run.History.Steps[index].Step, run.Flops[index].Executed);
            if (here.Step >= step)
            {
                return before.Flops + ((here.Flops - before.Flops) * (step - before.Step) / Math.Max(1, here.Step - before.Step));
            }

            before = here;
        }

        return before.Flops;
    }

    private static IReadOnlyList<IReadOnlyList<string>> Numbers(IReadOnlyList<ReportedRun> runs) =>
    [
        ["run", "step", "validation loss", "perplexity", "accuracy", "FLOPs until then"],
        .. runs.SelectMany(run => run.History.Evaluations.Select(evaluation => (IReadOnlyList<string>)
        [
            run.Name, Quantity.Count(evaluation.Step), Invariant($"{evaluation.Loss:0.0000}"), evaluation.Perplexity is { } perplexity ? Invariant($"{perplexity:0.000}") : "",
            evaluation.Accuracy is { } accuracy ? Invariant($"{100 * accuracy:0.0}%") : "", Quantity.Operations(FlopsAt(run, evaluation.Step)),
        ])),
    ];
}
