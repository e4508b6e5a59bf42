namespace SparseEngine.Data.Preparation;

/// <summary>A file of documents: plain text is one, each line of JSONL is one; either may be compressed with gzip.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its length on the disk.</param>
internal sealed record InputFile(string Path, long Bytes)
{
    private const string Gzip = ".gz";

    private static readonly string[] Texts = [".txt", ".md"];
    private static readonly string[] Lines = [".jsonl", ".ndjson"];

    /// <summary>Whether each line is a JSON object.</summary>
    public bool IsJsonLines => Lines.Contains(Ending(Path), StringComparer.OrdinalIgnoreCase);

    private bool IsGzip => Path.EndsWith(Gzip, StringComparison.OrdinalIgnoreCase);

    /// <summary>Finds the files that paths and patterns name: a folder's are those whose names end as a known kind's, subfolders included, in ordinal order. One that is named twice comes once.</summary>
    /// <exception cref="DataException">A path does not exist, a folder has no such file, or a pattern matches none.</exception>
    public static IReadOnlyList<InputFile> Find(IReadOnlyList<string> inputs)
    {
        try
        {
            return [.. inputs.SelectMany(FilesOf).DistinctBy(System.IO.Path.GetFullPath).Select(path => new InputFile(path, new FileInfo(path).Length))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{string.Join(", ", inputs)}: cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Opens its text, as it is without compression.</summary>
    /// <param name="raw">The file itself, whose position tells how much of it has been read.</param>
    /// <exception cref="DataException">It cannot be opened.</exception>
    public Stream Open(out FileStream raw)
    {
        try
        {
            raw = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
            return IsGzip ? new WholeGzipStream(raw) : raw;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{Path}: cannot be read: {exception.Message}", exception);
        }
    }

    private static IEnumerable<string> FilesOf(string input)
    {
        if (File.Exists(input))
        {
            return [input];
        }

        if (Directory.Exists(input))
        {
            string[] found = [.. Directory.EnumerateFiles(input, "*", SearchOption.AllDirectories)
                .Where(file => Texts.Concat(Lines).Contains(Ending(file), StringComparer.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal)];
            return found.Length > 0
                ? found
                : throw new DataException($"{input}: has no text; valid: files ending in {string.Join(", ", Texts.Concat(Lines))}, or one of these and {Gzip}");
        }

        if (!GlobPattern.IsOne(input))
        {
            throw new DataException($"{input}: does not exist");
        }

        string[] matches = [.. GlobPattern.Expand(input)];
        return matches.Length > 0 ? matches : throw new DataException($"{input}: matches no file");
    }

    /// <summary>What the name ends in, apart from that of the compression.</summary>
    private static string Ending(string path) => System.IO.Path.GetExtension(
        path.EndsWith(Gzip, StringComparison.OrdinalIgnoreCase) ? path[..^Gzip.Length] : path);
}
