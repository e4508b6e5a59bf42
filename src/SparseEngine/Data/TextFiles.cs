namespace SparseEngine.Data;

/// <summary>Reads text files and folders of them as bytes.</summary>
internal static class TextFiles
{
    private static readonly string[] Extensions = [".txt", ".md"];

    /// <summary>All files' bytes joined, a line feed between two: each file given, and each folder's text files in ordinal order, subfolders included.</summary>
    /// <exception cref="DataException">A folder has no text file, or a file cannot be read.</exception>
    public static byte[] Load(IReadOnlyList<string> paths)
    {
        using MemoryStream joined = new();
        foreach (string file in paths.SelectMany(FilesOf))
        {
            if (joined.Length > 0)
            {
                joined.WriteByte((byte)'\n');
            }

            try
            {
                joined.Write(File.ReadAllBytes(file));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"{file}: cannot be read: {exception.Message}", exception);
            }
        }

        return joined.ToArray();
    }

    private static IEnumerable<string> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new DataException($"{path}: has no text files; valid: files ending in {string.Join(", ", Extensions)}, or the path of one file");
    }
}
