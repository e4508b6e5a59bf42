using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace SparseEngine.Hdf5;

/// <summary>A file as an HDF5 parser reads it, with an end to what a damaged or hostile structure can make the parser do.</summary>
/// <remarks>
/// An HDF5 file is a graph of addresses and lengths. Where damage makes it circular, a parser reads for ever, keeps ever more, or
/// recurses until its stack is gone. A parse of an honest file reads each byte a bounded number of times: far fewer than the limits here.
/// </remarks>
internal sealed class GuardedStream : Stream
{
    // Each read of a number counts, so the structure of a file of a million numbers is within the limit whatever its length.
    private const long FreeReads = 1_000_000;
    private const long BytesPerRead = 64;

    // What one result is built from may all be kept in memory.
    private const long FreeBytesPerResult = 512L << 20;

    // PureHDF reads the names of an old-style group again for each of its links.
    private const long FreeBytes = 4L << 30;
    private const long ReadsPerByte = 16;

    // Both kinds of heap state their size here after their signature, and a parser sets aside as much before it reads on.
    private const int HeapSizeOffset = 8;

    private readonly FileStream file;
    private long heapSizeAt = -1;
    private long reads;
    private long bytes;
    private long bytesOfResult;

    public GuardedStream(string path)
    {
        file = File.OpenRead(path);
        Length = file.Length;
    }

    /// <summary>The file's length in bytes when it was opened.</summary>
    public override long Length { get; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <summary>Begins an operation of the parser, with fresh limits.</summary>
    public void BeginOperation() => reads = bytes = bytesOfResult = 0;

    /// <summary>Begins the next of an operation's results, with a fresh limit of what it is built from.</summary>
    public void BeginResult() => bytesOfResult = 0;

    /// <exception cref="InvalidDataException">
    /// The operation has read more than any honest file makes it read, or a heap's size that no file of this length holds.
    /// </exception>
    public override int Read(Span<byte> buffer)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new InvalidDataException("its structure is nested without end");
        }

        long position = file.Position;
        int count = file.Read(buffer);
        CheckHeap(position, buffer[..count]);
        reads++;
        bytes += count;
        bytesOfResult += count;
        return reads <= FreeReads + (Length / BytesPerRead) && bytes <= FreeBytes + (ReadsPerByte * Length)
            && bytesOfResult <= FreeBytesPerResult + Length
            ? count
            : throw new InvalidDataException("its structure leads in circles");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void CheckHeap(long position, ReadOnlySpan<byte> read)
    {
        if (read.SequenceEqual("HEAP"u8) || read.SequenceEqual("GCOL"u8))
        {
            heapSizeAt = position + HeapSizeOffset;
        }
        else if (position == heapSizeAt && read.Length == sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(read) is ulong size
            && size > (ulong)Length)
        {
            throw new InvalidDataException($"it states a heap of {size} bytes, in a file of {Length}");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
