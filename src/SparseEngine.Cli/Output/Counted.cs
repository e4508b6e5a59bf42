using SparseEngine.Metrics;

namespace SparseEngine.Cli.Output;

/// <summary>Numbers of things in sentences.</summary>
internal static class Counted
{
    /// <summary>1 file, 2 files.</summary>
    public static string Of(double count, string unit) => $"{Quantity.Count(count)} {unit}{(count == 1 ? "" : "s")}";
}
