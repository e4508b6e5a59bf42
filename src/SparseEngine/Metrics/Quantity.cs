using System.Globalization;
using static System.FormattableString;

namespace SparseEngine.Metrics;

/// <summary>Numbers as people read them.</summary>
public static class Quantity
{
    private static readonly string[] DecimalPrefixes = ["", "K", "M", "G", "T", "P", "E", "Z", "Y"];
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A whole number with thousands set apart: 3,211,264.</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number with what it counts: "1 tensor", "1,024 tensors".</summary>
    public static string Count(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    /// <summary>Three to four significant digits and a decimal prefix: 12.3 T.</summary>
    public static string Scaled(double value, string unit) => Prefixed(value, 1000, DecimalPrefixes, suffix => $" {suffix}{unit}");

    /// <summary>Floating-point operations: 110 GFLOP.</summary>
    public static string Operations(double value) => Scaled(value, "FLOP");

    /// <summary>Bytes in binary units: 12.3 MiB.</summary>
    public static string Bytes(double value) => Prefixed(value, 1024, ByteUnits, unit => $" {unit}");

    /// <summary>A share in whole percent: 27%.</summary>
    public static string Percent(double part, double whole) => whole > 0 ? Invariant($"{100 * part / whole:0}%") : "0%";

    /// <summary>
    /// What is used beside what a dense model would use, each as <paramref name="format"/> writes it: 110 GFLOP of 400 GFLOP dense: 73% saved.
    /// </summary>
    public static string Saving(double used, double dense, Func<double, string> format) => used switch
    {
        _ when used == dense => format(used),
        _ when used < dense => $"{format(used)} of {format(dense)} dense: {Percent(dense - used, dense)} saved",
        _ => $"{format(used)}, {format(dense)} dense",
    };

    /// <summary>Seconds as 48s, 1m 20s or 3h 05m; the tenth is shown under ten seconds.</summary>
    public static string Duration(double seconds)
    {
        if (seconds < 10)
        {
            return Invariant($"{seconds:0.0}s");
        }

        long whole = (long)Math.Round(seconds);
        return whole switch
        {
            < 60 => $"{whole}s",
            < 3600 => Invariant($"{whole / 60}m {whole % 60:00}s"),
            _ => Invariant($"{whole / 3600}h {whole % 3600 / 60:00}m"),
        };
    }

    private static string Prefixed(double value, double step, string[] prefixes, Func<string, string> ending)
    {
        int scale = 0;

        // What would be written as a whole step is one of the next prefix: 999.9 M is 1.0 G.
        while (Math.Round(value) >= step && scale < prefixes.Length - 1)
        {
            value /= step;
            scale++;
        }

        string number = scale == 0
            ? value.ToString("0", CultureInfo.InvariantCulture)
            : value.ToString(value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
        return number + ending(prefixes[scale]);
    }
}
