namespace SparseEngine.Report.Plots;

/// <summary>A place of a figure that tells its values where the pointer is near.</summary>
/// <param name="Series">The run's number, which has its colour.</param>
/// <param name="Title">The run.</param>
/// <param name="X">Where, on the figure's x axis.</param>
/// <param name="Y">Where, on the left axis.</param>
/// <param name="Text">The values; several lines.</param>
internal sealed record HoverPoint(int Series, string Title, double X, double Y, string Text)
{
    /// <summary>Points of a run that a pointer could tell apart.</summary>
    private const int Most = 150;

    /// <summary>At most so many of a run's points, the last among them.</summary>
    public static IEnumerable<HoverPoint> Thin(IReadOnlyList<HoverPoint> points)
    {
        int every = ((points.Count - 1) / Most) + 1;
        return points.Where((_, index) => (points.Count - 1 - index) % every == 0);
    }
}
