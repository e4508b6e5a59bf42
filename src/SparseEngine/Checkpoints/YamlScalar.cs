using System.Globalization;

namespace SparseEngine.Checkpoints;

/// <summary>A value as a YAML file has it, for people, for this program and for PyYAML.</summary>
internal static class YamlScalar
{
    /// <summary>The text of a word, a flag or a number.</summary>
    public static string Of(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => Number(number),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    // PyYAML takes a number with an exponent for text unless it has a point and a signed exponent: 1.0e-05.
    private static string Number(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        int exponent = text.IndexOf('e', StringComparison.Ordinal);
        return text.Contains('.', StringComparison.Ordinal) ? text
            : exponent < 0 ? $"{text}.0"
            : $"{text[..exponent]}.0{text[exponent..]}";
    }
}
