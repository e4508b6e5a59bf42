using ScottPlot;

namespace SparseEngine.Report.Plots;

/// <summary>How a run's line and markers differ from those of other runs beside their colour, for readers who see colours alike.</summary>
/// <param name="Marker">The shape of its markers.</param>
/// <param name="MarkerPath">The same shape around (12, 6), as the path of an SVG.</param>
/// <param name="IsDashed">Whether its line is dashed.</param>
internal readonly record struct SeriesStyle(MarkerShape Marker, string MarkerPath, bool IsDashed)
{
    private static readonly (MarkerShape Shape, string Path)[] Shapes =
    [
        (MarkerShape.FilledCircle, "M8 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0"),
        (MarkerShape.FilledSquare, "M8.5 2.5h7v7h-7z"),
        (MarkerShape.FilledTriangleUp, "M12 1l5 9h-10z"),
        (MarkerShape.FilledDiamond, "M12 1l5 5-5 5-5-5z"),
    ];

    /// <summary>The line's pattern.</summary>
    public LinePattern Pattern => IsDashed ? LinePattern.DenselyDashed : LinePattern.Solid;

    /// <summary>The style of the run number <paramref name="index"/>: eight are different.</summary>
    public static SeriesStyle Of(int index)
    {
        (MarkerShape shape, string path) = Shapes[index % Shapes.Length];
        return new SeriesStyle(shape, path, index / Shapes.Length % 2 == 1);
    }

    /// <summary>The colour of the run number <paramref name="index"/> in CSS, on a light or a dark page.</summary>
    public static string ColorOf(int index) => $"light-dark({PlotTheme.Light.Series(index).ToHex()}, {PlotTheme.Dark.Series(index).ToHex()})";

    /// <summary>A piece of the run's line with its marker, as an SVG.</summary>
    public static string KeyOf(int index)
    {
        SeriesStyle style = Of(index);
        string dashes = style.IsDashed ? " stroke-dasharray=\"4 2\"" : "";
        return $"""
            <svg class="key" viewBox="0 0 24 12" style="color: {ColorOf(index)}" aria-hidden="true"><path d="M0 6H24" stroke="currentColor"
            stroke-width="2.2"{dashes}/><path d="{style.MarkerPath}" fill="currentColor"/></svg>
            """;
    }
}
