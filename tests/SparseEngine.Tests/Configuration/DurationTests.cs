using SparseEngine.Configuration;

namespace SparseEngine.Tests.Configuration;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1H2M3.5S", 3723.5)]
    [InlineData("0.5h", 1800)]
    [InlineData("600", 600)]
    [InlineData("1m30", 90)]
    public void A_time_is_read_as_it_is_written(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0m")]
    [InlineData("-5")]
    [InlineData("10x")]
    [InlineData("30m1h")]
    [InlineData("1e3")]
    [InlineData("m")]
    [InlineData("99999999999999999999h")]
    public void What_is_no_time_or_none_at_all_is_refused(string text) => Assert.Null(Duration.Parse(text));
}
