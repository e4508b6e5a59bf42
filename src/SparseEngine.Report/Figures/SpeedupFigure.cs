using ScottPlot;
using ScottPlot.Plottables;
using SparseEngine.Accounting;
using SparseEngine.Configuration;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using SparseEngine.Sparsity;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>How many times faster a training step gets as its decoder's weights get sparser: by counting, on a CS-2, and as measured.</summary>
internal static class SpeedupFigure
{
    private static readonly double[] Levels = [.. Enumerable.Range(0, 100).Select(percent => percent / 100.0)];
    private static readonly int[] Listed = [0, 25, 50, 75, 80, 90, 95, 99];

    public static Figure Of(IReadOnlyList<ReportedRun> runs, int systems)
    {
        const string Id = "speedup";
        const string Title = "Speed-up over sparsity";
        if (runs[0].LastStep is not { } step || runs[0].Model is not { } model)
        {
            return new Figure(Id, Title, "Needs a training run with a checkpoint in its model directory.", Draw: null);
        }

        double dense = Predicted(model, 0, step.Tokens, systems);
        double[] wafer = [.. Levels.Select(level => dense / Predicted(model, level, step.Tokens, systems))];
        double pruned = 6.0 * step.Tokens * model.DecoderWeights.Sum(weight => weight.Weight.Elements);
        double[] counted = [.. Levels.Select(level => step.FlopsDense / (step.FlopsDense - (level * pruned)))];
        List<(string Name, double Sparsity, double Speedup)> measured = [.. Measured(runs)];
        string points = measured.Count > 0
            ? $" Points: tokens/s of these runs over those of {runs.First(IsDense).Name}."
            : " Compare with a dense run of the same model (--compare) to see what was measured.";
        return new Figure(
            Id,
            Title,
            $"The model of {runs[0].Name} with the same share of zeros in every linear layer of its decoder. "
            + $"FLOPs bound what skipping zeros can give to the whole step; the CS-2's prediction is of linear layers only.{points}",
            (plot, theme) => Draw(plot, theme, counted, wafer, measured))
        {
            Numbers =
            [
                ["sparsity", "fewer FLOPs", "CS-2, predicted"],
                .. Listed.Select(percent => (IReadOnlyList<string>)
                [
                    $"{percent}%", Invariant($"{counted[percent]:0.00}"), Invariant($"{wafer[percent]:0.00}"),
                ]),
                .. measured.Select(point => (IReadOnlyList<string>)
                [
                    Invariant($"{100 * point.Sparsity:0.##}%"), $"measured: {point.Name}", Invariant($"{point.Speedup:0.00}"),
                ]),
            ],
        };
    }

    /// <summary>The other runs of the first run's model, over the first dense one among them.</summary>
    private static IEnumerable<(string Name, double Sparsity, double Speedup)> Measured(IReadOnlyList<ReportedRun> runs)
    {
        ReportedRun? dense = runs.FirstOrDefault(run => IsDense(run) && IsSameModel(run.Model, runs[0].Model));
        return dense?.TokensPerSecond is not { } slow
            ? []
            : runs.Where(run => run.TokensPerSecond is not null && IsSameModel(run.Model, dense.Model)
                && run.LastStep!.Tokens == dense.LastStep!.Tokens && runs.Count > 1)
                .Select(run => (run.Name, run.Model!.Sparsity, run.TokensPerSecond!.Value / slow));
    }

    private static bool IsDense(ReportedRun run) => run.Model is { Sparsity: 0 } && run.TokensPerSecond is not null;

    private static bool IsSameModel(ReportedModel? one, ReportedModel? other) =>
        one is not null && other is not null && Sizes(one.Parameters) == Sizes(other.Parameters);

    private static (int, int, int, int, int) Sizes(ModelParameters model) =>
        (model.VocabularySize, model.HiddenSize, model.Layers, model.Heads, model.FilterSize);

    private static double Predicted(ReportedModel model, double sparsity, int tokens, int systems)
    {
        HashSet<string> decoder = [.. model.DecoderWeights.Select(weight => weight.Weight.Name)];
        return WaferPrediction.Of(
            model.Parameters,
            weight => decoder.Contains(weight.Name) ? MaskSelector.KeptCount(weight.Elements, sparsity) : weight.Elements,
            tokens,
            systems).Step.Seconds;
    }

    private static void Draw(
        Plot plot, PlotTheme theme, double[] counted, double[] wafer, List<(string Name, double Sparsity, double Speedup)> measured)
    {
        double[] percent = [.. Levels.Select(level => 100 * level)];
        Scatter flops = plot.Add.ScatterLine(percent, counted, theme.Baseline);
        flops.LineWidth = 2.2f;
        flops.LegendText = "fewer FLOPs, whole step";
        Scatter predicted = plot.Add.ScatterLine(percent, wafer, theme.Series(0));
        predicted.LineWidth = 2.2f;
        predicted.LegendText = "CS-2, predicted, linear layers";
        if (measured.Count > 0)
        {
            Scatter points = plot.Add.ScatterPoints(
                measured.Select(point => 100 * point.Sparsity).ToArray(), measured.Select(point => point.Speedup).ToArray(), theme.Series(1));
            points.MarkerSize = 9;
            points.LegendText = "measured here, whole step";
        }

        double largest = Math.Max(Math.Max(counted.Max(), wafer.Max()), measured.Select(point => point.Speedup).DefaultIfEmpty().Max());
        plot.XLabel("zeros in the decoder's linear layers (%)");
        plot.YLabel("times as fast as dense");
        plot.Axes.SetLimits(-1.5, 100, 0, 1.08 * largest);
        plot.ShowLegend(Alignment.UpperLeft);
    }
}
