using SparseEngine.Metrics;

namespace SparseEngine.Tests.Metrics;

public class QuantityTests
{
    [Theory]
    [InlineData(0.04, "0.0s")]
    [InlineData(7.25, "7.3s")]
    [InlineData(59.4, "59s")]
    [InlineData(59.6, "1m 00s")]
    [InlineData(80, "1m 20s")]
    [InlineData(11_100, "3h 05m")]
    public void A_duration_is_in_the_two_units_that_matter(double seconds, string expected) => Assert.Equal(expected, Quantity.Duration(seconds));

    [Theory]
    [InlineData(812, "812 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(14_680_064, "14.0 MiB")]
    [InlineData(536_870_912, "512 MiB")]
    public void Bytes_are_in_binary_units(double bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(950, "950 FLOP")]
    [InlineData(1.1e11, "110 GFLOP")]
    [InlineData(5.24e12, "5.2 TFLOP")]
    [InlineData(9.999e8, "1.0 GFLOP")]
    [InlineData(9.99e8, "999 MFLOP")]
    [InlineData(2.72e21, "2.7 ZFLOP")]
    public void Operations_have_decimal_prefixes(double count, string expected) => Assert.Equal(expected, Quantity.Scaled(count, "FLOP"));

    [Fact]
    public void A_share_of_nothing_is_nothing() => Assert.Equal("0%", Quantity.Percent(0, 0));
}
