namespace SparseEngine.Report.Sweeps;

/// <summary>The losses of runs that differ in their seeds alone.</summary>
/// <param name="Count">How many.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation, that of a sample; null of one.</param>
/// <param name="Lowest">The lowest.</param>
/// <param name="Highest">The highest.</param>
internal readonly record struct SeedStatistics(int Count, double Mean, double? Deviation, double Lowest, double Highest)
{
    /// <summary>Those of some losses, at least one.</summary>
    public static SeedStatistics Of(IReadOnlyList<double> losses)
    {
        double mean = losses.Average();
        double? deviation = losses.Count > 1 ? Math.Sqrt(losses.Sum(loss => (loss - mean) * (loss - mean)) / (losses.Count - 1)) : null;
        return new SeedStatistics(losses.Count, mean, deviation, losses.Min(), losses.Max());
    }
}
