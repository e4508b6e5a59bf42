using System.Text;
using SparseEngine.Files;

namespace SparseEngine.Data;

/// <summary>Reads text files and folders of them as bytes.</summary>
internal static class TextFiles
{
    private static readonly string[] Extensions = [".txt", ".md"];

    /// <summary>All files' bytes joined, a line feed between two and byte order marks left out.</summary>
    /// <remarks>Each file given, and each folder's text files in ordinal order, subfolders included; each real file comes once.</remarks>
    /// <exception cref="DataException">A folder has no text file, a file cannot be read, or there is more text than fits in one array.</exception>
    public static byte[] Load(IReadOnlyList<string> paths)
    {
        using MemoryStream joined = new();
        foreach (WalkedFile file in FolderWalk.Once([.. paths.SelectMany(FilesOf)]))
        {
            if (joined.Length > 0)
            {
                joined.WriteByte((byte)'\n');
            }

            ReadOnlySpan<byte> text = DataFiles.Guard(file.Path, () => Read(file));
            text = text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;
            joined.Write(joined.Length + text.Length < Array.MaxLength ? text : throw TooLong(file));
        }

        return joined.ToArray();
    }

    private static byte[] Read(WalkedFile file) =>
        new FileInfo(file.RealPath!).Length > Array.MaxLength ? throw TooLong(file) : File.ReadAllBytes(file.Path);

    private static DataException TooLong(WalkedFile file) => new(
        $"{file.Path}: with it the text has more than {Array.MaxLength} bytes, all that TextDataProcessor takes; "
        + "sparse-engine prepare makes HDF5 samples of more");

    private static IReadOnlyList<WalkedFile> FilesOf(string path)
    {
        if (File.Exists(path))
        {
            return [DataFiles.Named(path)];
        }

        IReadOnlyList<WalkedFile> files = DataFiles.InFolder(
            path, SearchOption.AllDirectories, file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));

        if (files.Count == 0)
        {
            throw new DataException($"{path}: has no text files; valid: files ending in {string.Join(", ", Extensions)}, or the path of one file");
        }

        // Without a length there is nothing to read: it is empty, or a pipe in which a read would wait.
        return DataFiles.Guard(path, () => files.Where(file => new FileInfo(file.RealPath!).Length > 0).ToArray());
    }
}
