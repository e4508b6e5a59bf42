namespace SparseEngine.Benchmarks.Scaling;

/// <summary>What a rank computes in which time.</summary>
/// <param name="SecondsPerToken">Of the passes through the model, forward and backward.</param>
/// <param name="SecondsPerStep">What does not depend on the tokens: the update, which every rank makes in full.</param>
/// <param name="Cores">Its cores. One of them is kept busy by messages while there are some.</param>
/// <param name="AddedBytesPerSecond">Bytes of summands that one core adds up in a second.</param>
/// <param name="CopiedBytesPerSecond">Bytes that are copied into a bucket, or out of it, in a second.</param>
internal sealed record RankSpeed(
    double SecondsPerToken, double SecondsPerStep, int Cores, double AddedBytesPerSecond, double CopiedBytesPerSecond)
{
    /// <summary>The share of the passes' time that is backward: each product has two gradients of its own size.</summary>
    public const double BackwardShare = 2.0 / 3;

    /// <summary>The line through step times over tokens with the least squares of relative errors.</summary>
    /// <param name="times">Tokens and seconds of steps.</param>
    /// <returns>Seconds of a token and of a step of none, which is not below 0.</returns>
    public static (double PerToken, double PerStep) Line(IReadOnlyList<(double Tokens, double Seconds)> times)
    {
        double weights = times.Sum(time => 1 / (time.Seconds * time.Seconds));
        double tokens = times.Sum(time => time.Tokens / (time.Seconds * time.Seconds)) / weights;
        double seconds = times.Sum(time => 1 / time.Seconds) / weights;
        double slope = times.Sum(time => (time.Tokens - tokens) * (time.Seconds - seconds) / (time.Seconds * time.Seconds))
            / times.Sum(time => (time.Tokens - tokens) * (time.Tokens - tokens) / (time.Seconds * time.Seconds));
        double constant = seconds - (slope * tokens);
        return constant >= 0 ? (slope, constant) : (seconds / tokens, 0);
    }

    /// <summary>
    /// The same machine with another model, as many zeros in both: tokens take time as their FLOPs do, the update as the stored weights do.
    /// </summary>
    /// <param name="measured">What was measured.</param>
    /// <param name="other">The other model.</param>
    /// <param name="zeros">Zeros in the decoder's weights of both, in percent.</param>
    public RankSpeed For(StepSize measured, StepSize other, int zeros) => this with
    {
        SecondsPerToken = SecondsPerToken * FlopsOfToken(other, zeros) / FlopsOfToken(measured, zeros),
        SecondsPerStep = SecondsPerStep * other.Stored(zeros) / measured.Stored(zeros),
    };

    /// <summary>A machine of several times as many cores that are as fast: an assumption, above all of its memory.</summary>
    /// <param name="times">How many times as many.</param>
    public RankSpeed Widened(int times) => this with
    {
        SecondsPerToken = SecondsPerToken / times,
        SecondsPerStep = SecondsPerStep / times,
        Cores = Cores * times,
        CopiedBytesPerSecond = CopiedBytesPerSecond * times,
    };

    private static double FlopsOfToken(StepSize size, int zeros) => size.Flops(zeros).Executed / size.Tokens;
}
