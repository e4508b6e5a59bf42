using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Plots;
using static System.FormattableString;

namespace SparseEngine.Report.Sweeps;

/// <summary>Mean and spread over seeds of each combination, the best first.</summary>
internal static class SeedFigure
{
    private const int Most = 24;
    private const int LongestName = 76;

    /// <summary>The figure; null where no combination has two seeds.</summary>
    public static Figure? Of(SweepRuns runs)
    {
        List<(string Name, SweptRun[] Runs, SeedStatistics Losses)> all = [.. runs.Combinations.OrderBy(one => one.Losses.Mean)];
        if (all.All(one => one.Losses.Count < 2))
        {
            return null;
        }

        List<(string Name, SweptRun[] Runs, SeedStatistics Losses)> shown = all[..Math.Min(Most, all.Count)];
        string which = all.Count > Most ? Invariant($"The best {Most} of {all.Count} combinations: ") : "Each combination: ";
        return new Figure(
            "seeds", "Mean and spread over seeds",
            $"{which}the {runs.LossName} of each seed, their mean (the stroke), and a standard deviation to either side of it.",
            (plot, theme) => Draw(plot, theme, runs, shown))
        {
            Height = 90 + (34 * shown.Count),
            Hover =
            [
                .. shown.SelectMany((one, row) => one.Runs.Select(run => new HoverPoint(
                    run.Series, run.Name, runs.ScoreOf(run)!.Value, -row,
                    Invariant($"{runs.ScoreOf(run):0.0000} {runs.LossName}, seed {run.Definition.Seed}")))),
            ],
            Numbers =
            [
                ["combination", "seeds", "mean", "standard deviation", "lowest", "highest"],
                .. all.Select(one => (IReadOnlyList<string>)
                [
                    one.Name, Quantity.Count(one.Losses.Count), LossTables.Number(one.Losses.Mean, "0.0000"),
                    LossTables.Number(one.Losses.Deviation, "0.0000"), LossTables.Number(one.Losses.Lowest, "0.0000"),
                    LossTables.Number(one.Losses.Highest, "0.0000"),
                ]),
            ],
        };
    }

    private static void Draw(Plot plot, PlotTheme theme, SweepRuns runs, List<(string Name, SweptRun[] Runs, SeedStatistics Losses)> shown)
    {
        double low = shown.Min(one => Math.Min(one.Losses.Lowest, one.Losses.Mean - (one.Losses.Deviation ?? 0)));
        double high = shown.Max(one => Math.Max(one.Losses.Highest, one.Losses.Mean + (one.Losses.Deviation ?? 0)));
        double room = Math.Max(0.04 * (high - low), 0.002);
        for (int row = 0; row < shown.Count; row++)
        {
            (string name, SweptRun[] seeds, SeedStatistics losses) = shown[row];
            Color color = theme.Series(seeds[0].Series);
            double deviation = losses.Deviation ?? 0;
            plot.Add.Line(losses.Mean - deviation, -row, losses.Mean + deviation, -row).LineStyle = new LineStyle(5, theme.Baseline.WithAlpha(0.6));
            plot.Add.Line(losses.Mean, -row - 0.2, losses.Mean, -row + 0.2).LineStyle = new LineStyle(2, theme.Text);
            foreach (SweptRun run in seeds)
            {
                Scatter dot = plot.Add.ScatterPoints([runs.ScoreOf(run)!.Value], new double[] { -row }, theme.Series(run.Series));
                dot.MarkerSize = 7;
                dot.MarkerShape = SeriesStyle.Of(run.Series).Marker;
            }

            string label = name.Length <= LongestName ? name : name[..(LongestName - 1)] + "…";
            FigureText.Add(plot, label, low - room, -row + 0.24, Alignment.LowerLeft);
        }

        plot.Axes.Left.SetTicks([], []);
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.XLabel($"{(runs.IsValidated ? "validation" : "training")} loss (nats)");
        plot.HideLegend();
        plot.Axes.SetLimits(low - (1.5 * room), high + room, 0.4 - shown.Count, 0.95);
    }
}
