namespace SparseEngine.Configuration.Yaml;

/// <summary>YAML in a line: values, of which some are lists, maps or texts in quotes.</summary>
internal static class FlowText
{
    private const string Opening = "[{";
    private const string Closing = "]}";

    // Behind one of these a quote begins a text; elsewhere it is a letter of one.
    private const string BeforeText = "[{,:=";

    /// <summary>Where a character stands outside brackets, braces and quotes, from the left.</summary>
    public static IEnumerable<int> PlacesOf(char sought, string text)
    {
        int depth = 0;
        char quote = '\0';
        char before = ',';
        for (int index = 0; index < text.Length; index++)
        {
            char character = text[index];
            if (quote != '\0')
            {
                quote = character == quote ? '\0' : quote;
            }
            else if (character is '\'' or '"' && BeforeText.Contains(before))
            {
                quote = character;
            }
            else if (Opening.Contains(character))
            {
                depth++;
            }
            else if (Closing.Contains(character))
            {
                depth--;
            }
            else if (character == sought && depth == 0)
            {
                yield return index;
            }

            before = char.IsWhiteSpace(character) ? before : character;
        }
    }

    /// <summary>The parts between the places of a separator, without blanks around them.</summary>
    public static IEnumerable<string> Split(string text, char separator)
    {
        int start = 0;
        foreach (int place in PlacesOf(separator, text))
        {
            yield return text[start..place].Trim();
            start = place + 1;
        }

        yield return text[start..].Trim();
    }
}
