namespace SparseEngine.Dataflow;

/// <summary>What the largest of several random counts is expected to be.</summary>
internal static class OrderStatistics
{
    /// <summary>The expected maximum of <paramref name="count"/> standard normal draws, within about 0.02 (Blom, 1958).</summary>
    public static double ExpectedMaximum(int count) => count < 2 ? 0 : UpperQuantile(1 - ((count - 0.375) / (count + 0.25)));

    // The x that a standard normal variable exceeds with a probability up to 0.5 (Abramowitz and Stegun 26.2.23, error below 4.5e-4).
    private static double UpperQuantile(double probability)
    {
        double t = Math.Sqrt(-2 * Math.Log(probability));
        return t - ((2.515517 + (t * (0.802853 + (t * 0.010328)))) / (1 + (t * (1.432788 + (t * (0.189269 + (t * 0.001308)))))));
    }
}
