using SparseEngine.Benchmarks.Scaling;

namespace SparseEngine.Benchmarks.Tests;

/// <summary>Steps whose times can be added up by hand: 9 seconds of passes for 9 tokens, 6 of them backward, 1 of update.</summary>
public class ScalingModelTests
{
    private const double Tokens = 9;
    private const int Sequence = 9;

    private static readonly RankSpeed Speed = new(
        SecondsPerToken: 1, SecondsPerStep: 1, Cores: int.MaxValue,
        AddedBytesPerSecond: double.PositiveInfinity, CopiedBytesPerSecond: double.PositiveInfinity);

    // Two ranks: a bucket of a billion bytes takes a second, and the sums of a few bytes no time to speak of.
    private const long Second = 1_000_000_000;
    private static readonly Network Wire = new("", Latency: 0, MessageSeconds: 0, BytesPerSecond: Second);

    [Fact]
    public void One_rank_computes_and_sends_nothing() => Assert.Equal(
        new PredictedStep(10, 0, 0), new ScalingModel(Speed, Wire, Sent((0.5, 100))).Step(ranks: 1, Tokens, Sequence));

    [Fact]
    public void What_is_sent_before_the_backward_pass_ends_is_hidden()
    {
        PredictedStep step = new ScalingModel(Speed, Wire, Sent((0.5, 3))).Step(ranks: 2, Tokens, Sequence);

        Assert.Equal(10, step.Seconds, 1e-6);
        Assert.Equal(3, step.Hidden, 1e-6);
        Assert.Equal(0, step.Waited, 1e-6);
    }

    /// <summary>The first goes off after 3 seconds and takes 2; the second is ready after 4.5, goes off at 5 and takes 4: until 9.</summary>
    [Fact]
    public void Buckets_go_one_after_another_and_the_last_are_waited_for()
    {
        PredictedStep step = new ScalingModel(Speed, Wire, Sent((0.5, 2), (0.75, 4))).Step(ranks: 2, Tokens, Sequence);

        Assert.Equal(10 + 3, step.Seconds, 1e-6);
        Assert.Equal(6, step.Communication, 1e-6);
        Assert.Equal(3, step.Waited, 1e-6);
    }

    /// <summary>The seventeenth is filled when the first is through, after 3 seconds, and what is computed after it comes as much later.</summary>
    [Fact]
    public void More_buckets_than_there_is_memory_for_hold_the_backward_pass_up()
    {
        (double, double)[] buckets = [(0, 3), .. Enumerable.Repeat((0.0, 0.1), ScalingModel.MostBuckets)];

        PredictedStep step = new ScalingModel(Speed, Wire, Sent(buckets)).Step(ranks: 2, Tokens, Sequence);

        Assert.Equal(10 + 3, step.Seconds, 1e-6);
        Assert.Equal(3, step.Waited, 1e-6);
    }

    /// <summary>With one core a rank computes or sends: nothing is gained by sending early.</summary>
    [Fact]
    public void One_core_hides_nothing()
    {
        PredictedStep step = new ScalingModel(Speed with { Cores = 1 }, Wire, Sent((0.25, 2), (0.5, 1))).Step(ranks: 2, Tokens, Sequence);

        Assert.Equal(10 + 3, step.Seconds, 1e-6);
    }

    /// <summary>Two seconds of messages, one core of two: half of what is computed meanwhile is late.</summary>
    [Fact]
    public void Messages_take_a_core_from_the_computation()
    {
        PredictedStep step = new ScalingModel(Speed with { Cores = 2 }, Wire, Sent((0.5, 2))).Step(ranks: 2, Tokens, Sequence);

        Assert.Equal(10 + 1, step.Seconds, 1e-6);
        Assert.Equal(0, step.Waited, 1e-6);
    }

    /// <summary>Of 4,608 tokens the last 512 alone hide what is sent.</summary>
    [Fact]
    public void Only_the_last_pass_hides()
    {
        RankSpeed fast = Speed with { SecondsPerToken = Tokens / (9 * ScalingModel.PassTokens) };

        PredictedStep step = new ScalingModel(fast, Wire, Sent((0, 6))).Step(ranks: 2, 9 * ScalingModel.PassTokens, Sequence);

        Assert.Equal(RankSpeed.BackwardShare, step.Hidden, 1e-6);
        Assert.Equal(10 + step.Waited, step.Seconds, 1e-6);
    }

    [Fact]
    public void Fewer_bytes_are_never_slower_and_more_ranks_never_slow_a_fast_network()
    {
        double[] sent = [1, 0.1, 0.01];
        foreach (int ranks in new[] { 2, 16, 256 })
        {
            double[] times =
                [.. sent.Select(seconds => new ScalingModel(Speed, Network.TenGigabit, Sent((1, seconds))).Step(ranks, Tokens, Sequence).Seconds)];

            Assert.Equal(times.OrderDescending(), times);
        }

        ScalingModel scaling = new(Speed, Network.HundredGigabit, Sent((1, 1e-6)));
        double[] shared = [.. new[] { 1, 2, 4, 8 }.Select(ranks => scaling.Step(ranks, Tokens / ranks, Sequence).Seconds)];
        Assert.Equal(shared.OrderDescending(), shared);
    }

    [Fact]
    public void A_line_is_found_and_no_constant_is_below_nothing()
    {
        (double perToken, double perStep) = RankSpeed.Line([(256, 0.5 + 256), (512, 0.5 + 512), (1024, 0.5 + 1024)]);

        Assert.Equal(1, perToken, 1e-9);
        Assert.Equal(0.5, perStep, 1e-6);
        Assert.Equal(0, RankSpeed.Line([(1, 1), (2, 2.1), (4, 4.4)]).PerStep);
    }

    /// <summary>GPT-3 XL's tokens take 24 layers of 16 times the weights, and its head.</summary>
    [Fact]
    public void Another_models_speed_goes_by_its_operations_and_its_weights()
    {
        RankSpeed speed = Speed.For(StepSize.All[0], StepSize.Gpt3Xl, zeros: 0);

        Assert.InRange(speed.SecondsPerToken, 96, 120);
        Assert.InRange(speed.SecondsPerStep, 96, 106);
        Assert.Equal(speed.SecondsPerToken / 8, speed.Widened(8).SecondsPerToken, 1e-9);
    }

    private static GradientStream Sent(params (double Ready, double Seconds)[] buckets) =>
        new([.. buckets.Select(bucket => new GradientBucket(bucket.Ready, bucket.Ready, (long)(bucket.Seconds * Second)))]);
}
