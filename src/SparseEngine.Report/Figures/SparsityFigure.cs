using ScottPlot;
using SparseEngine.Metrics;
using SparseEngine.Report.Plots;
using SparseEngine.Report.Runs;
using static System.FormattableString;

namespace SparseEngine.Report.Figures;

/// <summary>The share of zeros in every linear layer's weight: decoder layers down, kinds of weights across.</summary>
internal static class SparsityFigure
{
    public static Figure Of(ReportedRun run)
    {
        const string Id = "sparsity";
        const string Title = "Sparsity per layer";
        if (run.Model is not { } model)
        {
            return new Figure(Id, Title, "Needs a checkpoint in the model directory.", Draw: null);
        }

        ReportedWeight[] weights = [.. model.DecoderWeights];
        string[] kinds = [.. weights.Select(weight => weight.Kind).Distinct()];
        return new Figure(
            Id,
            Title,
            $"Zeros in percent of each weight, as checkpoint {Quantity.Count(model.Step)} of {run.Name} has them: "
                + Invariant($"{100 * model.Sparsity:0.##}% ")
                + $"of the decoder's linear layers, {Quantity.Count(model.Zeros)} of {Quantity.Count(model.Elements)} parameters.",
            (plot, theme) => Draw(plot, theme, weights, kinds, model.Parameters.Layers))
        {
            Height = Math.Clamp(80 + (30 * model.Parameters.Layers), 360, 800),
            Numbers =
            [
                ["weight", "shape", "non-zero", "sparsity"],
                .. model.Weights.Select(weight => (IReadOnlyList<string>)
                [
                    weight.Weight.Name, $"{weight.Weight.Shape[0]} x {weight.Weight.Shape[1]}", Quantity.Count(weight.Kept),
                    Invariant($"{100 * weight.Sparsity:0.00}%"),
                ]),
            ],
        };
    }

    private static void Draw(Plot plot, PlotTheme theme, ReportedWeight[] weights, string[] kinds, int layers)
    {
        const double Gap = 0.03;
        bool hasRoom = layers <= 24;
        foreach (ReportedWeight weight in weights)
        {
            int x = Array.IndexOf(kinds, weight.Kind);
            int y = -weight.Layer!.Value;
            ScottPlot.Plottables.Rectangle cell = plot.Add.Rectangle(x - 0.5 + Gap, x + 0.5 - Gap, y - 0.5 + Gap, y + 0.5 - Gap);
            cell.FillColor = theme.Grid.MixedWith(theme.Series(0), weight.Sparsity);
            cell.LineWidth = 0;
            if (hasRoom)
            {
                bool dark = weight.Sparsity > 0.45;
                FigureText.Add(
                    plot, Invariant($"{100 * weight.Sparsity:0.#}"), x, y, Alignment.MiddleCenter,
                    dark ? (theme == PlotTheme.Light ? Colors.White : Color.FromHex("#0B1220")) : null);
            }
        }

        int every = Math.Max(1, layers / 24);
        int[] shown = [.. Enumerable.Range(0, layers).Where(layer => layer % every == 0)];
        plot.Axes.Left.SetTicks(shown.Select(layer => (double)-layer).ToArray(), shown.Select(layer => $"{layer}").ToArray());
        plot.Axes.Bottom.SetTicks(Enumerable.Range(0, kinds.Length).Select(kind => (double)kind).ToArray(), kinds);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.HideGrid();
        plot.YLabel("decoder layer");
        plot.Axes.SetLimits(-0.5, kinds.Length - 0.5, -layers + 0.5, 0.5);
    }
}
