namespace SparseEngine.Data.Preparation;

/// <summary>Where a long text may be cut so that its pieces have the tokens of the whole.</summary>
internal static class TextCut
{
    /// <summary>The longest piece, in UTF-16 units.</summary>
    public const int LongestPiece = 1 << 20;

    /// <summary>Finds the last place in the second half where words end whatever follows; where there is none, the end.</summary>
    /// <remarks>
    /// Between a word and a single space, or after a single line feed: the patterns of GPT-2 and its successors take a space
    /// with the word after it, and end a word at a line feed. Within longer white space what comes next decides.
    /// </remarks>
    public static int Find(ReadOnlySpan<char> text)
    {
        for (int i = text.Length - 2; i >= text.Length / 2; i--)
        {
            bool beforeSpace = text[i] == ' ' && !char.IsWhiteSpace(text[i - 1]) && !char.IsWhiteSpace(text[i + 1]);
            bool afterLineFeed = text[i - 1] == '\n' && !char.IsWhiteSpace(text[i - 2]) && !char.IsWhiteSpace(text[i]);
            if (beforeSpace || afterLineFeed)
            {
                return i;
            }
        }

        return char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
    }
}
