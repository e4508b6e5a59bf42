namespace SparseEngine.Checkpoints;

/// <summary>Writes a file so that its name only ever stands for a whole one.</summary>
internal static class AtomicFile
{
    /// <summary>Writes to a temporary file in the same folder, flushes it to the disk and renames it; on failure it is removed and the old file stays.</summary>
    /// <remarks>The temporary name is the same each time, so that what a killed run left behind is overwritten by the next and does not pile up.</remarks>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.tmp");
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be written: {exception.Message}", exception);
        }
    }
}
