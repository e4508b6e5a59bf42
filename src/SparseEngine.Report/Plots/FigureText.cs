using ScottPlot;
using ScottPlot.Plottables;

namespace SparseEngine.Report.Plots;

/// <summary>Numbers written into figures.</summary>
internal static class FigureText
{
    /// <summary>Writes a text at a place of the data, in the theme's colour unless another is given.</summary>
    public static void Add(Plot plot, string text, double x, double y, Alignment alignment, Color? color = null)
    {
        Text label = plot.Add.Text(text, x, y);
        label.LabelFontSize = 12;
        label.LabelFontColor = color ?? Colors.Black;
        label.LabelAlignment = alignment;
        label.OffsetX = alignment == Alignment.MiddleLeft ? 5 : 0;
        label.OffsetY = alignment == Alignment.LowerCenter ? -3 : 0;
    }
}
