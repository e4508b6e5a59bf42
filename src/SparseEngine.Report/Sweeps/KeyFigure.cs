using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Metrics;
using SparseEngine.Report.Figures;
using SparseEngine.Report.Plots;
using SparseEngine.Sweeps;
using static System.FormattableString;

namespace SparseEngine.Report.Sweeps;

/// <summary>What runs came to with each value of a key, and the best of each.</summary>
internal static class KeyFigure
{
    private const int LongestLabel = 18;
    private const int LongestPath = 60;

    /// <summary>The figure of one key.</summary>
    /// <param name="runs">The sweep.</param>
    /// <param name="key">The key's number.</param>
    public static Figure Of(SweepRuns runs, int key)
    {
        KeyDefinition definition = runs.Definition.Keys[key];
        SweptRun[] done = [.. runs.Done];
        string id = Invariant($"key-{key + 1}");
        string title = $"Loss over {definition.Path}";
        if (done.Length == 0)
        {
            return new Figure(id, title, "No run is done that has a loss to compare.", Draw: null);
        }

        bool hasLines = runs.Colouring is { } colouring && colouring != key && colouring < runs.Definition.Keys.Length;
        string lines = hasLines
            ? $"The lines join the best runs with each value of {runs.Definition.Keys[runs.Colouring!.Value].Path}."
            : "The line joins the best run of each value.";
        return new Figure(
            id, title, $"Each done run's {runs.LossName} at its value of {definition.Path}. {lines}",
            (plot, theme) => Draw(plot, theme, runs, done, key, hasLines))
        {
            Legend = runs.Colouring is null ? [] : runs.Legend,
            Hover =
            [
                .. done.Select(run => new HoverPoint(
                    run.Series, run.Name, runs.IndexOfValue(run.Definition, key), runs.ScoreOf(run)!.Value,
                    $"{definition.Name} {run.Definition.Values[key]}\n{LossTables.Number(runs.ScoreOf(run), "0.0000")} {runs.LossName}")),
            ],
            Numbers =
            [
                [definition.Path, "runs done", "best", "best run", "mean", "worst", .. SeedHeadings(runs)],
                .. definition.Values.Select(value => Row(runs, value.Text, [.. done.Where(run => run.Definition.Values[key] == value.Text)])),
            ],
        };
    }

    private static string[] SeedHeadings(SweepRuns runs) => runs.Definition.Seeds > 1 ? ["best mean over seeds", "deviation over seeds"] : [];

    private static IReadOnlyList<string> Row(SweepRuns runs, string value, SweptRun[] done)
    {
        if (done.Length == 0)
        {
            return [value, "0", "", "", "", "", .. SeedHeadings(runs).Select(_ => "")];
        }

        SweptRun best = done.MinBy(runs.ScoreOf)!;
        double[] losses = [.. done.Select(run => runs.ScoreOf(run)!.Value)];
        SeedStatistics seeds = runs.Combinations.Where(one => done.Contains(one.Runs[0])).Select(one => one.Losses).MinBy(losses => losses.Mean);
        return
        [
            value, Quantity.Count(done.Length), LossTables.Number(losses.Min(), "0.0000"), best.Name, LossTables.Number(losses.Average(), "0.0000"),
            LossTables.Number(losses.Max(), "0.0000"),
            .. runs.Definition.Seeds > 1
                ? (string[])[LossTables.Number(seeds.Mean, "0.0000"), LossTables.Number(seeds.Deviation, "0.0000")]
                : [],
        ];
    }

    private static void Draw(Plot plot, PlotTheme theme, SweepRuns runs, SweptRun[] done, int key, bool hasLines)
    {
        foreach (IGrouping<int, SweptRun> line in done.GroupBy(run => hasLines ? run.Series : -1).OrderByDescending(line => line.Key))
        {
            (int Value, double Loss)[] best =
            [
                .. line.GroupBy(run => runs.IndexOfValue(run.Definition, key))
                    .Select(value => (value.Key, value.Min(run => runs.ScoreOf(run)!.Value))).OrderBy(point => point.Key),
            ];
            Color color = hasLines ? theme.Series(line.Key) : theme.Text.WithAlpha(0.6);
            Scatter joined = plot.Add.ScatterLine(
                best.Select(point => (double)point.Value).ToArray(), best.Select(point => point.Loss).ToArray(), color);
            joined.LineWidth = 1.8f;
            joined.LinePattern = hasLines ? SeriesStyle.Of(line.Key).Pattern : LinePattern.Solid;
        }

        foreach (IGrouping<int, SweptRun> series in done.GroupBy(run => run.Series))
        {
            Scatter dots = plot.Add.ScatterPoints(
                series.Select(run => (double)runs.IndexOfValue(run.Definition, key)).ToArray(),
                series.Select(run => runs.ScoreOf(run)!.Value).ToArray(), theme.Series(series.Key));
            dots.MarkerShape = SeriesStyle.Of(series.Key).Marker;
            dots.MarkerSize = runs.Colouring is null ? 9 : 7;
        }

        KeyDefinition definition = runs.Definition.Keys[key];
        int every = ((definition.Values.Length - 1) / 10) + 1;
        int[] shown = [.. Enumerable.Range(0, definition.Values.Length).Where(index => index % every == 0)];
        plot.Axes.Bottom.SetTicks(
            shown.Select(index => (double)index).ToArray(), shown.Select(index => Shortened(definition.Values[index].Label)).ToArray());
        plot.Grid.XAxisStyle.IsVisible = false;
        double[] losses = [.. done.Select(run => runs.ScoreOf(run)!.Value)];
        double room = Math.Max(0.08 * (losses.Max() - losses.Min()), 0.005);
        plot.XLabel(definition.Path.Length <= LongestPath ? definition.Path : definition.Name);
        plot.YLabel($"{(runs.IsValidated ? "validation" : "training")} loss (nats)");
        plot.HideLegend();
        plot.Axes.SetLimits(-0.5, definition.Values.Length - 0.5, losses.Min() - room, losses.Max() + room);
    }

    private static string Shortened(string label) => label.Length <= LongestLabel ? label : label[..(LongestLabel - 1)] + "…";
}
