namespace SparseEngine;

/// <summary>Messages that quote what a file says: whatever it says, they stay one line that a person can read.</summary>
internal static class OneLine
{
    private const int Longest = 1000;
    private const int End = 300;
    private const string Omission = " ... ";

    /// <summary>The message without line feeds and other control characters, and without the middle of a very long one.</summary>
    public static string Of(string message)
    {
        string shown = message.Length <= Longest
            ? message
            : string.Concat(message.AsSpan(0, Longest - End - Omission.Length), Omission, message.AsSpan(message.Length - End));
        return shown.Any(char.IsControl) ? string.Create(shown.Length, shown, (line, text) =>
        {
            for (int i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(text[i]) ? ' ' : text[i];
            }
        }) : shown;
    }
}
