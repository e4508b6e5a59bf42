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
        List<ReportedRun> all = [.. runs];
        List<ReportedRun> trained = [.. all.Where(run => run.TokensPerSecond is not null)];
        return trained.Count == 0
            ? new Figure("speed", "Speed", "Nothing was trained in this model directory.", Draw: null)
            : new Figure(
                "speed", "Speed", "Tokens trained a second, at each logged step. Dotted: the median.", (plot, theme) => Draw(plot, theme, all))
            {
                Legend = runs.Count > 1 ? [.. trained.Select(run => (run.Name, all.IndexOf(run)))] : [],
                Hover = [.. trained.SelectMany(run => HoverPoint.Thin(
                    [.. StepsOf(run).Select(step => new HoverPoint(all.IndexOf(run), run.Name, step.Step, step.TokensPerSecond, Values(step)))]))],
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

    private static StepMetrics[] StepsOf(ReportedRun run) => [.. run.History.Steps.Where(step => double.IsFinite(step.TokensPerSecond))];

    private static string Values(StepMetrics step) =>
        $"{Quantity.Count(step.TokensPerSecond)} tokens/s\nstep {Quantity.Count(step.Step)} of {Quantity.Count(step.Tokens)} tokens";

    private static void Draw(Plot plot, PlotTheme theme, List<ReportedRun> all)
    {
        double largest = 0;
        foreach (ReportedRun run in all.Where(run => run.TokensPerSecond is not null))
        {
            int number = all.IndexOf(run);
            Color color = theme.Series(number);
            StepMetrics[] steps = StepsOf(run);
            Scatter line = plot.Add.ScatterLine(
                steps.Select(step => (double)step.Step).ToArray(), steps.Select(step => step.TokensPerSecond).ToArray(), color);
            line.LineWidth = 1.6f;
            line.LinePattern = SeriesStyle.Of(number).Pattern;
            plot.Add.HorizontalLine(run.TokensPerSecond!.Value, 1.2f, color, LinePattern.Dotted);
            largest = Math.Max(largest, steps.Max(step => step.TokensPerSecond));
        }

        plot.XLabel("step");
        plot.YLabel("tokens/s");
        plot.Axes.AutoScale();
        plot.Axes.SetLimitsX(0, plot.Axes.GetLimits().Right);
        plot.Axes.SetLimitsY(0, 1.1 * largest);
        plot.HideLegend();
    }
}
