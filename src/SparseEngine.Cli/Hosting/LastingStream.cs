namespace SparseEngine.Cli.Hosting;

/// <summary>
/// A stream that is written to for people, whose end must not be the end of what it tells of: once a write fails, what comes is dropped and the
/// failure is kept.
/// </summary>
/// <param name="inner">Where it goes; null where it was closed before the program began.</param>
internal sealed class LastingStream(Stream? inner) : Stream
{
    private volatile string? failure = inner is null ? "it is closed" : null;

    /// <summary>Why nothing is written any more; null while all is.</summary>
    public string? Failure => failure;

    /// <summary>Whether the reader of a pipe went away, as <c>head</c> does, which is no failure.</summary>
    public bool HasNoReader { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (failure is not null)
        {
            return;
        }

        try
        {
            inner!.Write(buffer);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The last is how .NET reports EFBIG.
            const int BrokenPipe = 32;
            HasNoReader = error is IOException && error.HResult == BrokenPipe;
            failure = error switch
            {
                UnauthorizedAccessException => "it is not open for writing",
                ArgumentOutOfRangeException => "it is too large for the file system, or for this process's limit",
                _ => error.Message,
            };
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is kept back.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
