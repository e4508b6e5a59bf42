using System.Text;

namespace SparseEngine.Cli.Shells;

/// <summary>Words of a command line as POSIX shells write and read them.</summary>
internal static class ShellWords
{
    private const string Plain = "/._-+:,@%=";
    private const string EscapedInQuotes = "\"\\$`";

    /// <summary>A word as it is where no shell sees more in it, else in single quotes.</summary>
    public static string Quote(string word) =>
        word.Length > 0
            && word.All(character => char.IsLetterOrDigit(character) || Plain.Contains(character) || character == Path.DirectorySeparatorChar)
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>The words of a line, without quotes and backslashes.</summary>
    /// <returns>The words that are complete, and the one that the line ends in: empty behind a space.</returns>
    public static (IReadOnlyList<string> Complete, string Last) Split(string line)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool begun = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char character = line[i];
            if (quote == '\0' && char.IsWhiteSpace(character))
            {
                if (begun)
                {
                    words.Add(word.ToString());
                }

                word.Clear();
                begun = false;
                continue;
            }

            begun = true;
            if (character == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && character is '\'' or '"')
            {
                quote = character;
            }
            else if (IsEscape(line, i, quote))
            {
                word.Append(line[++i]);
            }
            else
            {
                word.Append(character);
            }
        }

        return (words, word.ToString());
    }

    /// <summary>Whether a backslash protects what follows it; on Windows it separates folders.</summary>
    private static bool IsEscape(string line, int index, char quote) =>
        line[index] == '\\' && Path.DirectorySeparatorChar != '\\' && index + 1 < line.Length
        && quote switch
        {
            '\'' => false,
            '"' => EscapedInQuotes.Contains(line[index + 1]),
            _ => true,
        };
}
