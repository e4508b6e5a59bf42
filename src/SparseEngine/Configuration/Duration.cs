using System.Globalization;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration;

/// <summary>Times as people write them: <c>90s</c>, <c>10m</c>, <c>1h30m</c>, or seconds.</summary>
public static partial class Duration
{
    /// <summary>What is valid, for messages.</summary>
    public const string Valid = "a time above 0, such as 90s, 10m or 1h30m, or seconds";

    /// <summary>Reads a time.</summary>
    /// <param name="text">Hours, minutes and seconds, each a number with its letter, or seconds alone.</param>
    /// <returns>Null where it is none, or not above 0.</returns>
    public static TimeSpan? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Match match = Written().Match(text);
        double seconds = (3600 * Number("hours")) + (60 * Number("minutes")) + Number("seconds");
        return match.Success && seconds > 0 && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

        double Number(string part) => match.Groups[part] is { Success: true } digits
            ? double.Parse(digits.ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
            : 0;
    }

    [GeneratedRegex(
        @"^((?<hours>[0-9]+(\.[0-9]+)?)h)?((?<minutes>[0-9]+(\.[0-9]+)?)m)?((?<seconds>[0-9]+(\.[0-9]+)?)s?)?$",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Written();
}
