using ScottPlot;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Draws lines to a PNG.</summary>
internal static class LinePlot
{
    private const int Width = 800;
    private const int Height = 450;

    /// <summary>Writes the plot.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">Its title.</param>
    /// <param name="x">What the horizontal axis shows.</param>
    /// <param name="y">What the vertical axis shows, from 0.</param>
    /// <param name="lines">Names and points.</param>
    public static void Save(string path, string title, string x, string y, IReadOnlyList<(string Name, double[] X, double[] Y)> lines)
    {
        using Plot plot = new();
        foreach ((string name, double[] xs, double[] ys) in lines)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(xs, ys);
            line.LegendText = lines.Count > 1 ? name : "";
            line.LineWidth = 2;
            line.MarkerSize = 7;
        }

        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        plot.Axes.SetLimitsY(0, 1.1 * lines.Max(line => line.Y.Max()));
        plot.Axes.SetLimitsX(0, 1.02 * lines.Max(line => line.X.Max()));
        if (lines.Count > 1)
        {
            plot.ShowLegend(Alignment.UpperLeft);
        }

        plot.SavePng(path, Width, Height);
    }
}
