using ScottPlot;

namespace SparseEngine.Report.Plots;

/// <summary>One figure of a report.</summary>
/// <param name="Id">Its anchor on the page.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it.</param>
/// <param name="Draw">Draws it, or null where the run left nothing to draw: <paramref name="Caption"/> then says what would.</param>
internal sealed record Figure(string Id, string Title, string Caption, Action<Plot, PlotTheme>? Draw)
{
    /// <summary>Points across, before the doubling for sharp screens.</summary>
    public const int Width = 640;

    private const int Sharpness = 2;

    /// <summary>Points down.</summary>
    public int Height { get; init; } = 360;

    /// <summary>What the figure shows, in numbers: a heading, then rows of as many cells.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Numbers { get; init; } = [];

    /// <summary>The picture in one theme, as PNG; only where there is something to draw.</summary>
    public byte[] Render(PlotTheme theme)
    {
        using Plot plot = new();
        Draw!(plot, theme);
        theme.ApplyTo(plot);
        plot.Font.Set(FigureFont.Name);
        plot.ScaleFactor = Sharpness;
        return plot.GetImageBytes(Width * Sharpness, Height * Sharpness, ImageFormat.Png);
    }
}
