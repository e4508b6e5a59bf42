namespace SparseEngine.Checkpoints;

/// <summary>Writes a file so that its name only ever stands for a whole one.</summary>
internal static class AtomicFile
{
    /// <summary>Writes to a temporary file in the same folder, flushes it to the disk and renames it; on failure it is removed and the old file stays.</summary>
    /// <exception cref="CheckpointException">It cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be written: {exception.Message}", exception);
        }
        finally
        {
            // After the rename there is nothing to remove.
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }
}
