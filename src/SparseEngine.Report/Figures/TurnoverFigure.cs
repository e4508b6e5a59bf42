using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>How much each update of the masks moved: what came alive upwards, what died downwards.</summary>
internal static class TurnoverFigure
{
    // More markers than that would be a thick line.
    private const int MostMarkers = 60;

    public static Figure Of(IReadOnlyList<MovingRun> runs, bool isCompared) => new(
        "moved",
        "Weights moved at each update",
        "Up: weights that an update grew; down: those that it dropped. Both in percent of the weights that were alive before it.",
        (plot, theme) => Draw(plot, theme, runs))
    {
        Legend = isCompared ? [.. runs.Select(run => (run.Name, run.Index))] : [],
        Hover =
        [
            .. runs.SelectMany(run => HoverPoint.Thin([.. Updates(run).Select(update => Tell(run, update, GrownOf(update)))])
                .Concat(HoverPoint.Thin([.. Updates(run).Select(update => Tell(run, update, -DroppedOf(update)))]))),
        ],
        Numbers =
        [
            ["run", "step", "alive before", "grown", "dropped", "grown / alive", "dropped / alive", "zeros after"],
            .. runs.SelectMany(run => Updates(run).Select(update => (IReadOnlyList<string>)
            [
                run.Name, Quantity.Count(update.Step), Quantity.Count(update.Total.AliveBefore), Quantity.Count(update.Total.Grown),
                Quantity.Count(update.Total.Dropped), Invariant($"{GrownOf(update):0.00}%"), Invariant($"{DroppedOf(update):0.00}%"),
                Invariant($"{100 * update.Total.Sparsity:0.00}%"),
            ])),
        ],
    };

    private static IEnumerable<Update> Updates(MovingRun run) =>
        run.Masks.Steps.Zip(run.Masks.Total, (step, total) => new Update(step, total)).Skip(1);

    private static double GrownOf(Update update) => Share(update.Total.Grown, update.Total);

    private static double DroppedOf(Update update) => Share(update.Total.Dropped, update.Total);

    // Where nothing was alive, all that grew is all there is.
    private static double Share(long moved, WeightMaskMetrics total) =>
        100.0 * moved / Math.Max(1, total.AliveBefore > 0 ? total.AliveBefore : moved);

    private static HoverPoint Tell(MovingRun run, Update update, double height) => new(
        run.Index, run.Name, update.Step, height,
        Invariant($"{GrownOf(update):0.00}% grown, {DroppedOf(update):0.00}% dropped\n")
            + $"{Quantity.Count(update.Total.Grown)} and {Quantity.Count(update.Total.Dropped)} of {Quantity.Count(update.Total.AliveBefore)} alive, "
            + $"step {Quantity.Count(update.Step)}");

    private static void Draw(Plot plot, PlotTheme theme, IReadOnlyList<MovingRun> runs)
    {
        plot.Add.HorizontalLine(0, 1.2f, theme.Baseline);
        foreach (MovingRun run in runs.Reverse())
        {
            Update[] updates = [.. Updates(run)];
            Add(plot, theme, run.Index, updates, GrownOf);
            Add(plot, theme, run.Index, updates, update => -DroppedOf(update));
        }

        Update[] all = [.. runs.SelectMany(Updates)];
        double room = 0.08 * (all.Max(GrownOf) + all.Max(DroppedOf)) + 0.5;
        plot.XLabel("step");
        plot.YLabel("moved (% of the alive)");
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            LabelFormatter = position => Invariant($"{Math.Abs(position):0.##}"),
        };
        plot.Axes.SetLimits(0, 1.02 * runs.Max(run => run.Masks.LastStep), -all.Max(DroppedOf) - room, all.Max(GrownOf) + room);
        plot.HideLegend();
    }

    private static void Add(Plot plot, PlotTheme theme, int index, Update[] updates, Func<Update, double> height)
    {
        if (updates.All(update => height(update) == 0))
        {
            return;
        }

        SeriesStyle style = SeriesStyle.Of(index);
        Scatter line = plot.Add.Scatter(
            updates.Select(update => (double)update.Step).ToArray(), updates.Select(height).ToArray(), theme.Series(index));
        line.LineWidth = 1.6f;
        line.LinePattern = style.Pattern;
        line.MarkerShape = style.Marker;
        line.MarkerSize = updates.Length <= MostMarkers ? 6 : 0;
    }

    /// <summary>An update of a run's masks.</summary>
    private readonly record struct Update(int Step, WeightMaskMetrics Total);
}
