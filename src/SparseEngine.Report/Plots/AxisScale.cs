namespace SparseEngine.Report.Plots;

/// <summary>A decimal prefix for an axis, so that its ticks are short numbers.</summary>
/// <param name="Unit">What one of the axis' numbers stands for.</param>
/// <param name="Prefix">The prefix before the unit's name.</param>
internal readonly record struct AxisScale(double Unit, string Prefix)
{
    private static readonly (double Unit, string Prefix)[] Prefixes = [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    /// <summary>The prefix with which the largest value is at least 1.</summary>
    public static AxisScale For(double largest)
    {
        foreach ((double unit, string prefix) in Prefixes)
        {
            if (largest >= unit)
            {
                return new AxisScale(unit, prefix);
            }
        }

        return new AxisScale(1, "");
    }
}
