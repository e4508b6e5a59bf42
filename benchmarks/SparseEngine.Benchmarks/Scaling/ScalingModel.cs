using SparseEngine.DataParallel;

namespace SparseEngine.Benchmarks.Scaling;

/// <summary>A step of several ranks, predicted.</summary>
/// <param name="Seconds">Its time.</param>
/// <param name="Communication">The time in which gradients are on their way or added up.</param>
/// <param name="Waited">How much of it nobody computes in, since the backward pass is done.</param>
internal readonly record struct PredictedStep(double Seconds, double Communication, double Waited)
{
    /// <summary>How much of the communication hides behind the backward pass.</summary>
    public double Hidden => Communication - Waited;
}

/// <summary>Predicts the time of a training step that several ranks share; docs/distributed.md derives it.</summary>
/// <remarks>
/// Ranks are equally fast and begin together. Passes before the last only compute. During the last one's backward pass each bucket goes off when it
/// is full and those before it are through; meanwhile a rank computes with one core less. When all sums are there, every rank makes the update.
/// </remarks>
/// <param name="Speed">What a rank computes in which time.</param>
/// <param name="Network">What carries the messages.</param>
/// <param name="Gradients">What is sent.</param>
internal sealed record ScalingModel(RankSpeed Speed, Network Network, GradientStream Gradients)
{
    /// <summary>Tokens that a CPU takes through the model at once, in whole sequences.</summary>
    public const int PassTokens = 512;

    /// <summary>Buckets that are under way at once. The next is filled when the first of them is through.</summary>
    public const int MostBuckets = GradientExchange.MostBuckets;

    // A step's labels and its stop flag at the beginning, its losses at the end: each rank gives them to all, and all add them up.
    private const int SmallSums = 2;
    private const int SmallSumBytes = 16;

    /// <summary>Predicts a step.</summary>
    /// <param name="ranks">The number of ranks.</param>
    /// <param name="tokens">Tokens of each rank.</param>
    /// <param name="sequence">Tokens in a sequence.</param>
    public PredictedStep Step(int ranks, double tokens, int sequence)
    {
        double passes = Speed.SecondsPerToken * tokens;
        if (ranks == 1)
        {
            return new PredictedStep(passes + Speed.SecondsPerStep, 0, 0);
        }

        double copying = Gradients.Bytes / Speed.CopiedBytesPerSecond;
        double backward = (passes * RankSpeed.BackwardShare * Math.Min(1, Math.Max(PassTokens, sequence) / tokens)) + copying;
        (double end, double communication, double waited) = Overlap(ranks, backward);
        double small = SmallSums * Network.Exchange(ranks, SmallSumBytes);
        double before = passes + copying - backward;
        return new PredictedStep(before + end + copying + small + Speed.SecondsPerStep, communication + small, waited + small);
    }

    // Of the last backward pass and the sums: when both are done, how long sums took, and how long they were waited for.
    private (double End, double Communication, double Waited) Overlap(int ranks, double backward)
    {
        double rateWithMessages = 1 - (1.0 / Speed.Cores);
        double time = 0;
        double done = 0;
        double waited = 0;
        double[] through = new double[Gradients.Buckets.Length + 1];
        double communication = 0;
        for (int i = 0; i < Gradients.Buckets.Length; i++)
        {
            GradientBucket bucket = Gradients.Buckets[i];
            ComputeUntil(bucket.FilledFrom * backward, through[i]);
            WaitUntil(through[Math.Max(0, i + 1 - MostBuckets)]);
            ComputeUntil(bucket.ReadyAfter * backward, through[i]);
            double sum = Network.Sum(ranks, bucket.Bytes, Speed.AddedBytesPerSecond);
            communication += sum;
            through[i + 1] = Math.Max(time, through[i]) + sum;
        }

        ComputeUntil(backward, through[^1]);
        WaitUntil(through[^1]);
        return (time, communication, waited);

        void WaitUntil(double end)
        {
            waited += Math.Max(0, end - time);
            time = Math.Max(time, end);
        }

        // While messages are under way, until the last is through, a rank computes with one core less.
        void ComputeUntil(double work, double last)
        {
            double left = work - done;
            if (left <= 0)
            {
                return;
            }

            done = work;
            double beside = Math.Max(0, last - time) * rateWithMessages;
            time = left <= beside ? time + (left / rateWithMessages) : Math.Max(time, last) + left - beside;
        }
    }
}
