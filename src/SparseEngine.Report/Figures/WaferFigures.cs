using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SparseEngine.Accounting;
using SparseEngine.Dataflow;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>What CS-2s would make of a run's training step, layer by layer.</summary>
internal static class WaferFigures
{
    private static readonly string[] Passes = ["forward", "backward, activations", "backward, weights"];

    public static Figure PerLayer(ReportedRun run, int systems)
    {
        const string Id = "wafer";
        const string Title = "Predicted CS-2 time and utilisation";
        if (run.LastStep is not { } step || run.Model is not { } model)
        {
            return new Figure(Id, Title, "Needs a training run with a checkpoint in its model directory.", Draw: null);
        }

        WaferPrediction prediction = model.Predict(step.Tokens, systems);
        LayerTime[] layers = [.. prediction.Step.Layers.GroupBy(layer => layer.Layer).Select(group => LayerTime.Of(group.Key, group))];
        string where = systems == 1 ? "one CS-2" : $"{systems} CS-2s";
        return new Figure(
            Id,
            Title,
            Invariant($"A model of {where} in weight streaming, linear layers only: {1e6 * prediction.Step.Seconds:N0} µs for a step of ")
                + $"{Quantity.Count(prediction.Tokens)} tokens, {Quantity.Count(prediction.TokensPerSecond)} tokens/s, "
                + Invariant($"{100 * prediction.Step.Utilisation:0.0}% of all multipliers busy. Dots: utilisation of each layer, right axis."),
            (plot, theme) => Draw(plot, theme, layers))
        {
            Numbers =
            [
                ["layer", .. Passes.Select(pass => $"{pass} (µs)"), "utilisation"],
                .. layers.Select(layer => (IReadOnlyList<string>)
                [
                    layer.Name, .. layer.Microseconds.Select(time => Invariant($"{time:0.00}")), Invariant($"{layer.Utilisation:0.0}%"),
                ]),
            ],
        };
    }

    private static void Draw(Plot plot, PlotTheme theme, LayerTime[] layers)
    {
        Color[] colors = [theme.Series(0), theme.Series(5), theme.Baseline];
        for (int index = 0; index < layers.Length; index++)
        {
            double under = 0;
            for (int pass = 0; pass < Passes.Length; pass++)
            {
                double top = under + layers[index].Microseconds[pass];
                plot.Add.Bar(new Bar { Position = index, ValueBase = under, Value = top, Size = 0.7, LineWidth = 0, FillColor = colors[pass] });
                under = top;
            }
        }

        Scatter dots = plot.Add.ScatterPoints(
            Enumerable.Range(0, layers.Length).Select(index => (double)index).ToArray(), layers.Select(layer => layer.Utilisation).ToArray(),
            theme.Series(1));
        dots.MarkerSize = 9;
        dots.Axes.YAxis = plot.Axes.Right;
        plot.Axes.Right.Label.Text = "utilisation (%)";
        plot.Axes.Right.TickGenerator = new NumericAutomatic { TargetTickCount = 6 };
        int every = Math.Max(1, layers.Length / 13);
        int[] shown = [.. Enumerable.Range(0, layers.Length).Where(index => index % every == 0 || index == layers.Length - 1)];
        plot.Axes.Bottom.SetTicks(shown.Select(index => (double)index).ToArray(), shown.Select(index => layers[index].Name).ToArray());
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Grid.XAxisStyle.IsVisible = false;
        plot.XLabel("decoder layer");
        plot.YLabel("time (µs)");
        plot.Axes.SetLimits(-0.6, layers.Length - 0.4, 0, 1.3 * layers.Max(layer => layer.Microseconds.Sum()));
        plot.Axes.SetLimitsY(0, 1.3 * Math.Max(1, layers.Max(layer => layer.Utilisation)), plot.Axes.Right);
        plot.ShowLegend(
            [
                .. Passes.Select((pass, index) => new LegendItem { LabelText = pass, FillColor = colors[index] }),
                new LegendItem { LabelText = "utilisation", MarkerShape = MarkerShape.FilledCircle, MarkerSize = 9, MarkerColor = theme.Series(1) },
            ],
            Alignment.UpperLeft);
        plot.Legend.Orientation = Orientation.Horizontal;
    }

    /// <summary>One decoder layer, or the head.</summary>
    private sealed record LayerTime(string Name, double[] Microseconds, double Utilisation)
    {
        public static LayerTime Of(int? layer, IEnumerable<WaferLayerCost> weights)
        {
            WaferConstants wafer = WaferConstants.Cs2;
            WaferLayerCost[] all = [.. weights];
            double[] cycles = [.. Enumerable.Range(0, Passes.Length).Select(pass => all.Sum(weight => weight.Products[pass].Cycles))];
            double multiplications = all.Sum(weight => weight.Products.Sum(product => product.Multiplications));
            return new LayerTime(
                layer is { } index ? $"{index}" : "head",
                [.. cycles.Select(count => 1e6 * count / wafer.ClockHertz)],
                100 * wafer.Utilisation(multiplications, cycles.Sum()));
        }
    }
}
