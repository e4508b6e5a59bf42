using System.Globalization;
using ScottPlot;
using ScottPlot.MultiplotLayouts;
using ScottPlot.TickGenerators;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>Draws step times over the number of ranks: a row for each model, a column for each network, a line for each level of sparsity.</summary>
internal static class ScalingPlot
{
    private const int Width = 1200;
    private const int Height = 760;
    private const float FontSize = 14;

    private static readonly Color[] Colors = [Color.FromHex("#4c72b0"), Color.FromHex("#dd8452"), Color.FromHex("#55a868")];

    /// <summary>Writes the figure.</summary>
    /// <param name="path">The file.</param>
    /// <param name="networks">The columns.</param>
    /// <param name="zeros">The lines, in percent.</param>
    /// <param name="ranks">The points.</param>
    /// <param name="models">The rows.</param>
    public static void Save(string path, Network[] networks, int[] zeros, int[] ranks, ScaledModel[] models)
    {
        Multiplot figure = new();
        figure.AddPlots(models.Length * networks.Length);
        figure.Layout = new Grid(models.Length, networks.Length);
        Plot[] plots = figure.GetPlots();
        for (int row = 0; row < models.Length; row++)
        {
            Plot[] ofModel = plots[(row * networks.Length)..((row + 1) * networks.Length)];
            for (int column = 0; column < networks.Length; column++)
            {
                Draw(ofModel[column], models[row], networks[column], zeros, ranks);
            }

            ofModel[0].YLabel("seconds a step", size: FontSize);
            ofModel[0].ShowLegend(Alignment.LowerLeft);

            double lowest = ofModel.Min(plot => plot.Axes.GetLimits().Bottom);
            double highest = ofModel.Max(plot => plot.Axes.GetLimits().Top);
            Array.ForEach(ofModel, plot => plot.Axes.SetLimits(-0.3, Math.Log2(ranks[^1]) + 0.3, lowest, highest));
        }

        figure.SavePng(path, Width, Height);
        Array.ForEach(plots, plot => plot.Dispose());
    }

    private static void Draw(Plot plot, ScaledModel model, Network network, int[] zeros, int[] ranks)
    {
        double[] x = [.. ranks.Select(count => Math.Log2(count))];
        for (int i = 0; i < zeros.Length; i++)
        {
            ScalingModel scaling = model.On(network, zeros[i]);
            double alone = model.Step(scaling, 1).Seconds;
            Add([.. ranks.Select(count => model.Step(scaling, count).Seconds)], 2, 6, LinePattern.Solid, i, $"{zeros[i]}% zeros");
            Add([.. ranks.Select(count => alone / count)], 1, 0, LinePattern.Dotted, i, i == zeros.Length - 1 ? "step of one rank / ranks" : "");
        }

        plot.HideLegend();
        plot.Title($"{model.Name.Split(',')[0]}, {network.Name}", size: FontSize);
        plot.XLabel("ranks", size: FontSize);
        plot.Axes.Bottom.TickGenerator = new NumericManual(x, [.. ranks.Select(count => count.ToString(CultureInfo.InvariantCulture))]);
        int[] decades = [.. Enumerable.Range(-4, 10)];
        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. decades.Select(decade => (double)decade)],
            [.. decades.Select(decade => Math.Pow(10, decade).ToString("0.####", CultureInfo.InvariantCulture))]);

        void Add(double[] seconds, float width, float marker, LinePattern pattern, int color, string name)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(x, seconds.Select(Math.Log10).ToArray(), Colors[color]);
            line.LineWidth = width;
            line.MarkerSize = marker;
            line.LinePattern = pattern;
            line.LegendText = name;
        }
    }
}
