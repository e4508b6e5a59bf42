using SparseEngine.Benchmarks.Scaling;

namespace SparseEngine.Benchmarks.Tests;

public class NetworkTests
{
    private const double AddedBytesPerSecond = 8e9;

    private static readonly Network Network = new("", Latency: 1e-5, MessageSeconds: 2e-6, BytesPerSecond: 1e9);

    [Fact]
    public void A_rank_alone_sends_nothing() => Assert.Equal(0, Network.Sum(ranks: 1, bytes: 1 << 20, AddedBytesPerSecond));

    /// <summary>Two rounds of a latency and three messages of a quarter, and each of 4 MB added once.</summary>
    [Fact]
    public void Four_ranks_sum_in_the_time_of_their_messages_and_additions() =>
        Assert.Equal((2 * (1e-5 + (3 * (2e-6 + 1e-3)))) + 5e-4, Network.Sum(ranks: 4, bytes: 4e6, AddedBytesPerSecond), 1e-12);

    /// <summary>However many ranks, each sends its numbers less than twice: the bytes of a ring.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    [InlineData(256)]
    public void Bytes_of_a_rank_are_those_of_a_ring(int ranks)
    {
        Network wire = new("", Latency: 0, MessageSeconds: 0, BytesPerSecond: 1);

        Assert.Equal(2.0 * (ranks - 1) / ranks * 1000, wire.Sum(ranks, bytes: 1000, double.PositiveInfinity), 1e-9);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_network_is_found_in_the_times_that_it_takes(int ranks)
    {
        Network wire = Network with { MessageSeconds = 0 };
        double few = wire.Sum(ranks, bytes: 0, AddedBytesPerSecond);
        double many = wire.Sum(ranks, bytes: 1e8, AddedBytesPerSecond);

        Network found = Network.Measured("", ranks, few, 1e8, many, AddedBytesPerSecond);

        Assert.Equal(wire.Latency, found.Latency, 1e-12);
        Assert.Equal(wire.BytesPerSecond, found.BytesPerSecond, 1e-3);
    }
}
