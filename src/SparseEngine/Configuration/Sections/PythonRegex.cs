using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SparseEngine.Configuration.Sections;

/// <summary>Compiles a regex written for Python's re module, as param_name_patterns are.</summary>
internal static class PythonRegex
{
    // Far beyond what any sensible pattern takes on a parameter's name.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(10);

    /// <summary>Compiles a pattern: case-sensitive, found anywhere in a name.</summary>
    /// <returns>The regex, or null and the reason why it is none.</returns>
    public static (Regex? Regex, string? Reason) Compile(string pattern)
    {
        try
        {
            return (Compile(ToDotNet(pattern), RegexOptions.CultureInvariant), null);
        }
        catch (RegexParseException e)
        {
            return (null, InWords(e.Error));
        }
    }

    // Matching takes time linear in the name, except with what needs backtracking: looking around and back-references.
    private static Regex Compile(string pattern, RegexOptions options)
    {
        try
        {
            return new Regex(pattern, options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, options, LongestMatch);
        }
    }

    /// <summary>
    /// Rewrites what .NET spells otherwise: (?P&lt;name&gt;...) is (?&lt;name&gt;...), (?P=name) is \k&lt;name&gt;, and \Z, which Python
    /// means strictly, is \z.
    /// </summary>
    internal static string ToDotNet(string pattern)
    {
        const string groupPrefix = "(?P<";
        const string referencePrefix = "(?P=";
        StringBuilder result = new(pattern.Length);
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            ReadOnlySpan<char> rest = pattern.AsSpan(i);
            if (rest is ['\\', char escaped, ..])
            {
                result.Append('\\').Append(escaped == 'Z' && !inClass ? 'z' : escaped);
                i++;
            }
            else if (inClass)
            {
                inClass = rest[0] != ']';
                result.Append(rest[0]);
            }
            else if (rest.StartsWith(groupPrefix, StringComparison.Ordinal))
            {
                result.Append("(?<");
                i += groupPrefix.Length - 1;
            }
            else if (rest.StartsWith(referencePrefix, StringComparison.Ordinal) && rest.IndexOf(')') is > 0 and int close)
            {
                result.Append("\\k<").Append(rest[referencePrefix.Length..close]).Append('>');
                i += close;
            }
            else
            {
                // A bracket right after the opening one, or after its ^, is a member of the class, not its end.
                int literal = rest switch
                {
                    ['[', '^', ']', ..] => 3,
                    ['[', ']', ..] or ['[', '^', ..] => 2,
                    _ => 1,
                };
                inClass = rest[0] == '[';
                result.Append(rest[..literal]);
                i += literal - 1;
            }
        }

        return result.ToString();
    }

    /// <summary>UnterminatedBracket: "unterminated bracket".</summary>
    private static string InWords(RegexParseError error)
    {
        StringBuilder words = new();
        foreach (char c in error.ToString())
        {
            words.Append(char.IsUpper(c) && words.Length > 0 ? " " : "").Append(char.ToLower(c, CultureInfo.InvariantCulture));
        }

        return words.ToString();
    }
}
