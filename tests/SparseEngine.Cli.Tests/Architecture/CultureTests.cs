namespace SparseEngine.Cli.Tests.Architecture;

/// <summary>No text of the program looks otherwise on a machine of another country.</summary>
public sealed class CultureTests
{
    [Theory]
    [InlineData("SparseEngine.Kernels.dll")]
    [InlineData("SparseEngine.dll")]
    [InlineData("SparseEngine.Report.dll")]
    [InlineData("sparse-engine.dll")]
    public void No_number_or_date_is_written_in_the_machines_culture(string assembly)
    {
        IReadOnlyList<string> places = CultureScan.Places(Path.Combine(AppContext.BaseDirectory, assembly));

        Assert.True(places.Count == 0, $"{assembly} formats without CultureInfo.InvariantCulture:\n{string.Join('\n', places)}");
    }
}
