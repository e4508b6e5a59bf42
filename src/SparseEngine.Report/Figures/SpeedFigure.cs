using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>Tokens a second over steps.</summary>
internal static class SpeedFigure
{
    public static Figure Of(IReadOnlyList<ReportedRun> runs)
    {
        List<ReportedRun> trained = [.. runs.Where(run => run.TokensPerSecond is not null)];
        return trained.Count == 0
            ? new Figure("speed", "Speed", "Nothing was trained in this model directory.", Draw: null)
            : new Figure("speed", "Speed", "Tokens trained a second, at each logged step. Dashed: the median.", (plot, theme) => Draw(plot, theme, runs, trained))
            {
                Numbers =
                [
                    ["run", "tokens in a step", "median tokens/s", "median ms a step"],
                    .. trained.Select(run => (IReadOnlyList<string>)
                    [
                        run.Name, Quantity.Count(run.LastStep!.Tokens), Quantity.Count(run.TokensPerSecond!.Value),
                        Invariant($"{1000 * run.LastStep.Tokens / run.TokensPerSecond.Value:0.0}"),
                    ]),
                ],
            };
    }

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<ReportedRun> runs, List<ReportedRun> trained)
    {
        double largest = 0;
        foreach (ReportedRun run in trained)
        {
            Color color = theme.Series(runs.ToList().IndexOf(run));
            StepMetrics[] steps = [.. run.History.Steps.Where(step => double.IsFinite(step.TokensPerSecond))];
            Scatter line = plot.Add.ScatterLine(steps.Select(step => (double)step.Step).ToArray(), steps.Select(step => step.TokensPerSecond).ToArray(), color);
            line.LineWidth = 1.6f;
            line.LegendText = runs.Count > 1 ? run.Name : "";
            HorizontalLine median = plot.Add.HorizontalLine(run.TokensPerSecond!.Value, 1.2f, color, LinePattern.Dashed);
            median.ExcludeFromLegend = true;
            largest = Math.Max(largest, steps.Max(step => step.TokensPerSecond));
        }

        plot.XLabel("step");
        plot.YLabel("tokens/s");
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(0, plot.Axes.GetLimits().Right);
        plot.Axes.SetLimitsY(0, 1.25 * largest);
        if (runs.Count > 1)
        {
            plot.ShowLegend(Alignment.UpperRight, Orientation.Horizontal);
        }
    }
}
