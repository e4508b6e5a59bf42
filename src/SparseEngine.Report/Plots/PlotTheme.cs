using ScottPlot;
using ScottPlot.Plottables;

namespace SparseEngine.Report.Plots;

/// <summary>The colours of a plot on a light or a dark page.</summary>
/// <remarks>
/// The eight of a theme are 0.1 or more apart in Oklab, for all readers and as seen without red, green or blue cones (Machado, Oliveira and Fernandes
/// 2009), and have a contrast of 2.9 or more on the page.
/// </remarks>
internal sealed class PlotTheme
{
    private readonly string[] series;

    private PlotTheme(string text, string grid, string baseline, string[] series)
    {
        Text = Color.FromHex(text);
        Grid = Color.FromHex(grid);
        Baseline = Color.FromHex(baseline);
        this.series = series;
    }

    /// <summary>Dark on white.</summary>
    public static PlotTheme Light { get; } = new(
        "#374151", "#E5E7EB", "#B6BDC9", ["#2563EB", "#D9480F", "#1F2937", "#C87B93", "#8C3016", "#3F98F4", "#855489", "#04299E"]);

    /// <summary>Light on black.</summary>
    public static PlotTheme Dark { get; } = new(
        "#D1D5DB", "#2B3340", "#596273", ["#6EA8FE", "#FF922B", "#F3F4F6", "#CF5582", "#8BEC8B", "#406BCE", "#FBB8EA", "#8D6C1F"]);

    /// <summary>Labels, ticks and frames.</summary>
    public Color Text { get; }

    /// <summary>Grid lines, and what is zero.</summary>
    public Color Grid { get; }

    /// <summary>What others are compared with: the dense model.</summary>
    public Color Baseline { get; }

    /// <summary>The colour of the run, or of the part, number <paramref name="index"/>.</summary>
    public Color Series(int index) => Color.FromHex(series[index % series.Length]);

    /// <summary>Colours everything that is not data. The page shines through.</summary>
    public void ApplyTo(Plot plot)
    {
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(Text);
        plot.Axes.FrameColor(Grid);
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.MajorTickStyle.Color = Grid;
            axis.MinorTickStyle.Color = Colors.Transparent;
            axis.Label.ForeColor = Text;
            axis.Label.Bold = false;
            axis.Label.FontSize = 14;
            axis.TickLabelStyle.ForeColor = Text;
            axis.TickLabelStyle.FontSize = 13;
        }

        plot.Grid.MajorLineColor = Grid;
        plot.Legend.BackgroundColor = Colors.Transparent;
        plot.Legend.FontColor = Text;
        plot.Legend.FontSize = 13;
        plot.Legend.OutlineStyle.IsVisible = false;
        plot.Legend.ShadowColor = Colors.Transparent;
        foreach (Text label in plot.GetPlottables<Text>().Where(label => label.LabelFontColor == Colors.Black))
        {
            label.LabelFontColor = Text;
        }
    }
}
