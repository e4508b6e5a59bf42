namespace SparseEngine.Data.Preparation;

/// <summary>How files are compressed, as the ends of their names tell.</summary>
internal static class Compression
{
    private const string Gzip = ".gz";
    private const string Zstandard = ".zst";

    /// <summary>The endings that name a compression.</summary>
    public static IReadOnlyList<string> Endings { get; } = [Gzip, Zstandard];

    /// <summary>The ending that names a path's compression; empty for none.</summary>
    public static string EndingOf(string path) => Endings.FirstOrDefault(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) ?? "";

    /// <summary>A file's content as it was before compression; it goes with the returned stream.</summary>
    public static Stream Open(string path, Stream file) => EndingOf(path) switch
    {
        Gzip => new WholeGzipStream(file),
        Zstandard => new WholeZstandardStream(file),
        _ => file,
    };
}
