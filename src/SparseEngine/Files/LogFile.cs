namespace SparseEngine.Files;

/// <summary>A file that a run adds to while others read it, whole records at a time.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly FileStream file;

    private LogFile(string path, FileStream file)
    {
        Path = path;
        this.file = file;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Opens it, in a folder that is made if absent.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it is new or goes on.</param>
    /// <exception cref="OutputException">It cannot be made or opened.</exception>
    public static LogFile Open(string path, FileMode mode)
    {
        FileStream? file = null;
        Guard(path, () =>
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);

            // Unbuffered: what is written is there for readers, and survives a kill.
            file = new FileStream(path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
        });
        return new LogFile(path, file!);
    }

    /// <summary>Adds a record in one write call: a reader, or a kill, never meets half of one unless the disk is full.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Append(ReadOnlyMemory<byte> record) => Guard(Path, () => file.Write(record.Span));

    /// <summary>Waits until all is on the disk.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void FlushToDisk() => Guard(Path, () => file.Flush(flushToDisk: true));

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (AtomicFile.Reason(exception) is { } reason)
        {
            throw new OutputException($"{path}: cannot be written: {reason}", exception);
        }
    }
}
