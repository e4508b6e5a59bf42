namespace SparseEngine.Report.Plots;

/// <summary>A unit for an axis of time.</summary>
/// <param name="Seconds">Its length.</param>
/// <param name="Name">Its short name.</param>
internal readonly record struct TimeUnit(double Seconds, string Name)
{
    /// <summary>The one in which people would say the largest value.</summary>
    public static TimeUnit For(double seconds) => seconds switch
    {
        < 300 => new TimeUnit(1, "s"),
        < 3 * 3600 => new TimeUnit(60, "min"),
        _ => new TimeUnit(3600, "h"),
    };
}
