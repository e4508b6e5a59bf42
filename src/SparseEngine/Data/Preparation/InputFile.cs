namespace SparseEngine.Data.Preparation;

/// <summary>A file of documents: plain text is one, each line of JSONL is one; either may be compressed.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its length on the disk.</param>
/// <param name="IsEmpty">Whether it is not to be opened, as nothing would come.</param>
internal sealed record InputFile(string Path, long Bytes, bool IsEmpty = false)
{
    private static readonly string[] Texts = [".txt", ".md"];
    private static readonly string[] Lines = [".jsonl", ".ndjson"];

    /// <summary>The endings of the files that a folder's are, before those of a compression.</summary>
    public static IReadOnlyList<string> Endings { get; } = [.. Texts, .. Lines];

    /// <summary>Whether each line is a JSON object.</summary>
    public bool IsJsonLines => Lines.Contains(Ending(Path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a file of a folder is one, by its name.</summary>
    public static bool IsOne(string path) => Endings.Contains(Ending(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Opens its text, as it is without compression.</summary>
    /// <param name="again">Whether it is read twice, which a pipe cannot be.</param>
    /// <param name="raw">The file itself, whose position tells how much of it has been read.</param>
    /// <exception cref="DataException">It cannot be opened.</exception>
    public Stream Open(bool again, out FileStream raw)
    {
        FileStream file = raw = DataFiles.Guard(
            Path, () => new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan));
        if (again && !file.CanSeek)
        {
            file.Dispose();
            throw new DataException($"{Path}: is a pipe, which can be read once; "
                + "the tokenizer char, and a validation part of a single text, need it twice: give a file instead");
        }

        return Compression.Open(Path, file);
    }

    /// <summary>What the name ends in, apart from that of the compression.</summary>
    private static string Ending(string path) => System.IO.Path.GetExtension(path[..^Compression.EndingOf(path).Length]);
}
