using SparseEngine.Models;

namespace SparseEngine.Tests.Models;

public class NormalDistributionTests
{
    // From Python's statistics.NormalDist, which uses the C library's erfc and the same published quantile algorithm.
    [Theory]
    [InlineData(1e-300, -37.0470962993612)]
    [InlineData(1e-10, -6.361340902404056)]
    [InlineData(0.001, -3.090232306167813)]
    [InlineData(0.02425, -1.9729610513118845)]
    [InlineData(0.3, -0.5244005127080407)]
    [InlineData(0.5, 0)]
    [InlineData(0.6, 0.2533471031357998)]
    [InlineData(0.975, 1.9599639845400536)]
    [InlineData(0.99999, 4.26489079392384)]
    public void Quantiles_match_published_values(double p, double expected) =>
        Assert.Equal(expected, NormalDistribution.Quantile(p), 1e-14 * Math.Max(1, Math.Abs(expected)));

    [Theory]
    [InlineData(-7.5, 3.191891195797325e-14)]
    [InlineData(-3, 0.0013498980316301035)]
    [InlineData(-1.5, 0.06680720126885809)]
    [InlineData(-0.1, 0.460172162722971)]
    [InlineData(0, 0.5)]
    [InlineData(2, 0.9772498680518208)]
    [InlineData(6, 0.9999999990134123)]
    [InlineData(-40, 0)]
    [InlineData(40, 1)]
    public void Cumulative_probabilities_match_published_values(double x, double expected) =>
        Assert.Equal(expected, NormalDistribution.Cumulative(x), 1e-15);
}
