using System.Globalization;

namespace SparseEngine.Configuration.Yaml;

/// <summary>What scalars mean: YAML 1.1 as PyYAML reads it, and <c>1e-5</c> is a number.</summary>
internal static class YamlValues
{
    /// <summary>A number; null where the scalar is none.</summary>
    public static double? Number(YamlNode node)
    {
        if (node is not YamlScalar scalar)
        {
            return null;
        }

        string digits = scalar.Value.Replace("_", "", StringComparison.Ordinal);
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : Integer(node);
    }

    /// <summary>An integer; null where the scalar is none. A number without a fraction, such as 1e3, is one.</summary>
    public static long? Integer(YamlNode node)
    {
        if (node is not YamlScalar scalar)
        {
            return null;
        }

        string digits = scalar.Value.Replace("_", "", StringComparison.Ordinal);
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long hex) ? hex : null;
        }

        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer) ? integer
            : double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) < 1L << 53 && number == Math.Truncate(number) ? (long)number
            : null;
    }

    /// <summary>A truth value; null where the scalar is none.</summary>
    public static bool? Boolean(YamlNode node) => (node as YamlScalar)?.Value.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => null,
    };
}
