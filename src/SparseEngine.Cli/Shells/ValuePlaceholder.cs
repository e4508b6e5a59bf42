namespace SparseEngine.Cli.Shells;

/// <summary>
/// What help shows in the place of a value, such as <c>byte|gpt2|FILE</c>: words to choose from, and in capitals what to put something
/// in the place of. A word is such a choice if it is one of several or has small letters.
/// </summary>
/// <param name="Words">The words to choose from.</param>
/// <param name="TakesFile">Whether a file will do.</param>
/// <param name="TakesFolder">Whether a folder will do.</param>
internal sealed record ValuePlaceholder(IReadOnlyList<string> Words, bool TakesFile, bool TakesFolder)
{
    private static readonly string[] Files = ["FILE", "PATH", "GLOB"];
    private const string Folder = "DIR";

    /// <summary>Reads the placeholder of an option or argument.</summary>
    public static ValuePlaceholder Of(string? helpName)
    {
        string[] parts = helpName?.Split('|') ?? [];
        IEnumerable<string> words = parts
            .Where(part => !Files.Contains(part) && part != Folder && (parts.Length > 1 || part.Any(char.IsAsciiLetterLower)))
            .Select(part => part.Split('[')[0]);
        return new ValuePlaceholder([.. words], parts.Any(Files.Contains), parts.Contains(Folder));
    }
}
