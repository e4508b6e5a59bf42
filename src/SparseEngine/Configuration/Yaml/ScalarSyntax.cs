using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Yaml;

/// <summary>
/// How unquoted text becomes a number, a boolean or null: the rules of YAML 1.1 as PyYAML has them, except that
/// <c>1e-5</c> and <c>1.0e5</c>, which PyYAML leaves text, are the numbers their writers meant.
/// </summary>
internal static partial class ScalarSyntax
{
    // A double has at most 767 significant digits, and anything longer is a mistake or an attack.
    private const int LongestNumber = 1000;

    public static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    public static bool TryBoolean(string text, out bool value)
    {
        value = text is "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON";
        return value || text is "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF";
    }

    /// <summary>Reads a finite number, decimal or integer.</summary>
    public static bool TryNumber(string text, out double value)
    {
        if (TryRadixInteger(text, out BigInteger integer))
        {
            value = (double)integer;
            return true;
        }

        value = 0;
        return text.Length <= LongestNumber
            && DecimalNumber().IsMatch(text)
            && double.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }

    /// <summary>Reads an integer of any size; a decimal number without a fraction, such as <c>1e6</c>, is one too.</summary>
    public static bool TryInteger(string text, out BigInteger value)
    {
        if (TryRadixInteger(text, out value))
        {
            return true;
        }

        if (text.Length <= LongestNumber && DecimalInteger().IsMatch(text))
        {
            value = BigInteger.Parse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            return true;
        }

        if (TryNumber(text, out double number) && double.IsInteger(number))
        {
            value = new BigInteger(number);
            return true;
        }

        return false;
    }

    /// <summary>Hexadecimal 0x1F, binary 0b101 and, by a leading zero, octal 017.</summary>
    private static bool TryRadixInteger(string text, out BigInteger value)
    {
        value = BigInteger.Zero;
        if (text.Length > LongestNumber || RadixInteger().Match(text) is not { Success: true } match)
        {
            return false;
        }

        (string digits, int radix) = match.Groups["hex"].Success ? (match.Groups["hex"].Value, 16)
            : match.Groups["binary"].Success ? (match.Groups["binary"].Value, 2)
            : (match.Groups["octal"].Value, 8);
        foreach (char digit in digits)
        {
            if (digit != '_')
            {
                value = (value * radix) + Convert.ToInt32(digit.ToString(), 16);
            }
        }

        value = text[0] == '-' ? -value : value;
        return true;
    }

    [GeneratedRegex(@"^[-+]?([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalNumber();

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9_]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalInteger();

    [GeneratedRegex("^[-+]?0(x(?<hex>[0-9a-fA-F_]+)|b(?<binary>[01_]+)|(?<octal>[0-7_]+))\\z", RegexOptions.CultureInvariant)]
    private static partial Regex RadixInteger();
}
