namespace SparseEngine.Files;

/// <summary>Writes a file so that its name only ever stands for a whole one.</summary>
internal static class AtomicFile
{
    private const string Suffix = ".tmp";

    /// <summary>
    /// Writes to a temporary file in the same folder, flushes it to the disk and renames it; on failure it is removed and the old file stays.
    /// </summary>
    /// <remarks>
    /// The temporary name is the same each time, so that what a killed run left behind is overwritten by the next and does not pile up.
    /// </remarks>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}{Suffix}");
        try
        {
            Directory.CreateDirectory(folder);

            // Not shared: a second writer of the same file fails here and leaves the first one's alone.
            FileStream stream = new(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            try
            {
                using (stream)
                {
                    write(stream);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(temporary, full, overwrite: true);
            }
            catch
            {
                File.Delete(temporary);
                throw;
            }
        }
        catch (Exception exception) when (Reason(exception) is not null)
        {
            throw new OutputException($"{path}: cannot be written: {Reason(exception)}", exception);
        }
    }

    /// <summary>Removes what killed runs left behind of files that match a pattern; a file that is being written is left alone.</summary>
    /// <exception cref="OutputException">One cannot be removed.</exception>
    public static void RemoveLeftovers(string folder, string pattern)
    {
        foreach (string leftover in Directory.EnumerateFiles(folder, $".{pattern}{Suffix}"))
        {
            try
            {
                // Its writer does not share it.
                new FileStream(leftover, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose).Dispose();
            }
            catch (IOException)
            {
                // It is being written, or its writer has just renamed it.
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new OutputException($"{leftover}: is left of a killed run and cannot be removed: {exception.Message}", exception);
            }
        }
    }

    /// <summary>Why a file could not be written; null where the exception has nothing to do with that.</summary>
    public static string? Reason(Exception exception) => exception switch
    {
        IOException or UnauthorizedAccessException => exception.Message,

        // How .NET reports EFBIG.
        ArgumentOutOfRangeException { ParamName: "value" } => "it is too large for the file system, or for this process's limit",
        _ => null,
    };
}
