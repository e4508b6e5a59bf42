using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>The share of zeros over steps: of all weights together, from the densest to the sparsest, and of each.</summary>
internal static class LevelFigure
{
    public static Figure Of(IReadOnlyList<MovingRun> runs, bool isCompared)
    {
        MovingRun main = runs[0];
        int weights = main.Masks.Weights.Length;
        return new Figure(
            "level",
            "Sparsity over steps",
            $"Zeros in the weights whose masks move: thick, all of them together; the band, from the densest to the sparsest; thin, each of the "
                + $"{Quantity.Count(weights, "weight")} of {main.Name}.",
            (plot, theme) => Draw(plot, theme, runs))
        {
            Legend = isCompared ? [.. runs.Select(run => (run.Name, run.Index))] : [],
            Hover = [.. runs.SelectMany(run => HoverPoint.Thin([.. run.Masks.Steps.Select((_, at) => Tell(run, at))]))],
            Numbers =
            [
                ["zeros in", "at the start", "at the end", "lowest", "highest"],
                .. runs.Select(run => Row($"all of {run.Name}", run.Masks.Total)),
                .. main.Masks.Weights.Select(weight => Row(weight.Name, weight.States)),
            ],
        };
    }

    private static IReadOnlyList<string> Row(string name, IReadOnlyList<WeightMaskMetrics> states) =>
    [
        name, Percent(states[0].Sparsity), Percent(states[^1].Sparsity), Percent(states.Min(state => state.Sparsity)),
        Percent(states.Max(state => state.Sparsity)),
    ];

    private static HoverPoint Tell(MovingRun run, int at)
    {
        double sparsity = run.Masks.Total[at].Sparsity;
        MovingWeight densest = run.Masks.Weights.MinBy(weight => weight.States[at].Sparsity)!;
        MovingWeight sparsest = run.Masks.Weights.MaxBy(weight => weight.States[at].Sparsity)!;
        string lowest = Percent(densest.States[at].Sparsity);
        string highest = Percent(sparsest.States[at].Sparsity);
        string range = lowest == highest ? "" : $"\nfrom {lowest}, {densest.Place}, to {highest}, {sparsest.Place}";
        return new HoverPoint(run.Index, run.Name, run.Masks.Steps[at], 100 * sparsity, $"{Percent(sparsity)} zeros {run.Masks.PlaceOf(at)}{range}");
    }

    private static string Percent(double share) => Invariant($"{100 * share:0.00}%");

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<MovingRun> runs)
    {
        foreach (MovingRun run in runs.Reverse())
        {
            DrawBand(plot, theme.Series(run.Index), run.Masks);
        }

        // What is drawn in one line is one line.
        foreach (double[] levels in runs[0].Masks.Weights.Select(weight => Levels(weight.States)).DistinctBy(levels => string.Join(' ', levels)))
        {
            Staircase.Add(plot, runs[0].Masks.Steps, levels, runs[0].Masks.LastStep, theme.Series(runs[0].Index).WithAlpha(0.45)).LineWidth = 0.8f;
        }

        foreach (MovingRun run in runs.Reverse())
        {
            Scatter line = Staircase.Add(plot, run.Masks.Steps, Levels(run.Masks.Total), run.Masks.LastStep, theme.Series(run.Index));
            line.LineWidth = 2.6f;
            line.LinePattern = SeriesStyle.Of(run.Index).Pattern;
        }

        (double bottom, double top) = PercentAxis.LimitsOf(
            [.. runs.SelectMany(run => run.Masks.Weights).SelectMany(weight => weight.States).Select(state => 100 * state.Sparsity)]);
        plot.XLabel("step");
        plot.YLabel("zeros (%)");
        plot.Axes.SetLimits(0, 1.02 * runs.Max(run => run.Masks.LastStep), bottom, top);
        plot.HideLegend();
    }

    private static void DrawBand(Plot plot, Color color, MaskHistory masks)
    {
        double[] lowest = [.. masks.Steps.Select((_, at) => 100 * masks.Weights.Min(weight => weight.States[at].Sparsity))];
        double[] highest = [.. masks.Steps.Select((_, at) => 100 * masks.Weights.Max(weight => weight.States[at].Sparsity))];
        (double[] xs, double[] bottom) = Staircase.Of(masks.Steps, lowest, masks.LastStep);
        FillY band = plot.Add.FillY(xs, bottom, Staircase.Of(masks.Steps, highest, masks.LastStep).Ys);
        band.FillColor = color.WithAlpha(0.14);
        band.LineWidth = 0;
        band.MarkerSize = 0;
    }

    private static double[] Levels(IEnumerable<WeightMaskMetrics> states) => [.. states.Select(state => 100 * state.Sparsity)];
}
