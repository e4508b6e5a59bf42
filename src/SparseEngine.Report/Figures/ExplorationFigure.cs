using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>
/// The share of elements that were alive at any time until a step: in-time over-parameterization (Liu et al., 2021, arXiv 2102.02887).
/// </summary>
internal static class ExplorationFigure
{
    private const string All = "all weights";

    public static Figure Of(IReadOnlyList<MovingRun> runs, bool isCompared)
    {
        IReadOnlyList<Line> lines = isCompared ? [.. runs.Select(LineOf)] : [LineOf(runs[0]) with { Name = All }, .. KindsOf(runs[0].Masks)];
        return new Figure(
            "ever-alive",
            "Weights that ever lived",
            "The share of weights that were alive at any time until a step (in-time over-parameterization), of those whose masks move"
                + (isCompared ? "." : ": of all together, and of each kind."),
            (plot, theme) => Draw(plot, theme, lines))
        {
            Legend = [.. lines.Select(line => (line.Name, line.Index))],
            Hover = [.. lines.SelectMany(line => HoverPoint.Thin([.. line.Masks.Steps.Select((_, at) => Tell(line, at))]))],
            Numbers =
            [
                ["run", "weights", "elements", "alive at the end", "ever alive", "share"],
                .. runs.SelectMany(run => KindsOf(run.Masks).Prepend(LineOf(run) with { Name = All }).Select(line => Row(run.Name, line))),
            ],
        };
    }

    private static Line LineOf(MovingRun run) => new(run.Name, run.Index, run.Masks, run.Masks.Total);

    private static IEnumerable<Line> KindsOf(MaskHistory masks) =>
        masks.Kinds().Select((kind, number) => new Line(kind.Kind, number + 1, masks, kind.States));

    private static IReadOnlyList<string> Row(string run, Line line)
    {
        WeightMaskMetrics end = line.States[^1];
        return
        [
            run, line.Name, Quantity.Count(end.Elements), Quantity.Count(end.Alive), Quantity.Count(end.EverAlive),
            Invariant($"{100 * end.Explored:0.00}%"),
        ];
    }

    private static HoverPoint Tell(Line line, int at)
    {
        WeightMaskMetrics state = line.States[at];
        return new HoverPoint(
            line.Index, line.Name, line.Masks.Steps[at], 100 * state.Explored,
            Invariant($"{100 * state.Explored:0.00}% ever alive {line.Masks.PlaceOf(at)}\n{100 - (100 * state.Sparsity):0.00}% alive"));
    }

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<Line> lines)
    {
        foreach (Line line in lines.Reverse())
        {
            double[] shares = [.. line.States.Select(state => 100 * state.Explored)];
            Scatter drawn = Staircase.Add(plot, line.Masks.Steps, shares, line.Masks.LastStep, theme.Series(line.Index));
            drawn.LineWidth = line.States == line.Masks.Total ? 2.6f : 1.4f;
            drawn.LinePattern = SeriesStyle.Of(line.Index).Pattern;
        }

        (double bottom, double top) = PercentAxis.LimitsOf([.. lines.SelectMany(line => line.States).Select(state => 100 * state.Explored)]);
        plot.XLabel("step");
        plot.YLabel("ever alive (%)");
        plot.Axes.SetLimits(0, 1.02 * lines.Max(line => line.Masks.LastStep), bottom, top);
        plot.HideLegend();
    }

    /// <summary>A line of the figure.</summary>
    private sealed record Line(string Name, int Index, MaskHistory Masks, System.Collections.Immutable.ImmutableArray<WeightMaskMetrics> States);
}
