namespace SparseEngine.Report.Plots;

/// <summary>What an axis of percentages shows.</summary>
internal static class PercentAxis
{
    // Room below and above what is drawn, and the least height of that.
    private const double Margin = 3;
    private const double LeastSpan = 12;

    /// <summary>Its ends: all values and some room, of 0 to 100 little more than that.</summary>
    public static (double Bottom, double Top) LimitsOf(IReadOnlyCollection<double> values)
    {
        double spare = Margin + (Math.Max(0, LeastSpan - (values.Max() - values.Min())) / 2);
        return (Math.Max(-1, values.Min() - spare), Math.Min(101, values.Max() + spare));
    }
}
