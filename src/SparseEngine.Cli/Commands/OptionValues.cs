using System.CommandLine.Parsing;
using System.Globalization;
using SparseEngine.Cli.Output;
using SparseEngine.Configuration;

namespace SparseEngine.Cli.Commands;

/// <summary>Parsers of option values whose errors name the option, the value and what is valid.</summary>
internal static class OptionValues
{
    /// <summary>How the error for a misspelt option begins.</summary>
    public const string UnrecognizedOption = "Unrecognized option";

    /// <summary>A whole number of at least <paramref name="minimum"/>.</summary>
    public static Func<ArgumentResult, int?> WholeNumber(int minimum) => result =>
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum)
        {
            return value;
        }

        // That much is at least the minimum, and yet no valid number.
        return Invalid<int?>(result, text, text.All(char.IsAsciiDigit) && value == 0 && text.Trim('0').Length > 0
            ? $"a whole number from {minimum} to {int.MaxValue}"
            : $"a whole number of at least {minimum}");
    };

    /// <summary>A time above 0.</summary>
    public static TimeSpan? Time(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        return Duration.Parse(text) ?? Invalid<TimeSpan?>(result, text, Duration.Valid);
    }

    /// <summary>A finite number of at least 0.</summary>
    public static double? NonNegative(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) && value >= 0)
        {
            return value;
        }

        return Invalid<double?>(result, text, "a number of at least 0");
    }

    /// <summary>A share that leaves something: from 0, below 1.</summary>
    public static double? Fraction(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is >= 0 and < 1)
        {
            return value;
        }

        return Invalid<double?>(result, text, "a number from 0, below 1");
    }

    /// <summary>A probability that something has: above 0, at most 1.</summary>
    public static double? Probability(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is > 0 and <= 1)
        {
            return value;
        }

        return Invalid<double?>(result, text, "a number above 0, at most 1");
    }

    /// <summary>One of the <paramref name="choices"/>, in any case.</summary>
    public static Func<ArgumentResult, T?> OneOf<T>(params (string Name, T Value)[] choices) => result =>
    {
        string text = result.Tokens[0].Value;
        foreach ((string name, T value) in choices)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return Invalid<T>(result, text, string.Join(", ", choices.Select(choice => choice.Name)));
    };

    /// <summary>The name of a log level.</summary>
    public static string? LogLevelName(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        return LogLevels.Find(text) is not null ? text : Invalid<string>(result, text, LogLevels.Names);
    }

    /// <summary>A file as an argument, which begins with a dash only in <c>./-name</c>.</summary>
    public static string? FileName(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        return text.StartsWith('-') ? Invalid<string>(result, text, "a file") : text;
    }

    /// <summary>A path that can stand in a line of text.</summary>
    public static string? PlainPath(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        return text.Length > 0 && !text.Any(char.IsControl)
            ? text
            : Invalid<string>(result, Terminal.Plain(text), "a path without control characters");
    }

    private static T? Invalid<T>(ArgumentResult result, string text, string valid)
    {
        // A misspelt option arrives as the value of an argument.
        if (result.Parent is not OptionResult && text.StartsWith('-'))
        {
            result.AddError($"{UnrecognizedOption} '{text}'");
            return default;
        }

        string symbol = result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
        result.AddError($"{symbol} is \"{text}\"; valid: {valid}");
        return default;
    }
}
