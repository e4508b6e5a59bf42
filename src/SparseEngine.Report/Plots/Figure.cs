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

    /// <summary>The runs that it shows, each with its number; empty where the picture tells what is what.</summary>
    public IReadOnlyList<(string Name, int Series)> Legend { get; init; } = [];

    /// <summary>What the figure shows, in numbers: a heading, then rows of as many cells.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Numbers { get; init; } = [];

    /// <summary>Places that tell their values.</summary>
    public IReadOnlyList<HoverPoint> Hover { get; init; } = [];

    /// <summary>The picture in one theme, as PNG; only where there is something to draw.</summary>
    public byte[] Render(PlotTheme theme)
    {
        using Plot plot = new();
        return Render(plot, theme);
    }

    /// <summary>Where on the picture its <see cref="Hover"/> points are, in thousandths of its width and height from the left and the top.</summary>
    public IReadOnlyList<(double Left, double Top)> HoverPlaces()
    {
        using Plot plot = new();
        Render(plot, PlotTheme.Light);

        // Not doubled, unlike the picture.
        PixelRect data = plot.RenderManager.LastRender.DataRect;
        AxisLimits limits = plot.Axes.GetLimits();
        return
        [
            .. Hover.Select(point => (
                Thousandths(data.Left + (data.Width * (point.X - limits.Left) / limits.HorizontalSpan), Width),
                Thousandths(data.Bottom - (data.Height * (point.Y - limits.Bottom) / limits.VerticalSpan), Height))),
        ];

        static double Thousandths(double part, double whole) => Math.Round(1000 * part / whole, 1);
    }

    private byte[] Render(Plot plot, PlotTheme theme)
    {
        Draw!(plot, theme);
        theme.ApplyTo(plot);
        plot.Font.Set(FigureFont.Name);
        plot.ScaleFactor = Sharpness;
        return plot.GetImageBytes(Width * Sharpness, Height * Sharpness, ImageFormat.Png);
    }
}
