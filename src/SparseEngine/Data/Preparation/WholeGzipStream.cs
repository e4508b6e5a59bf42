using System.IO.Compression;
using System.Security.Cryptography;

namespace SparseEngine.Data.Preparation;

/// <summary>Decompresses gzip and notices where it ends early, which <see cref="GZipStream"/> takes for the end of the data.</summary>
/// <remarks>A member of its own is put after the file's. Only after a whole file does it come out as it went in.</remarks>
internal sealed class WholeGzipStream : ForwardStream
{
    private static readonly byte[] Mark = RandomNumberGenerator.GetBytes(16);
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly GZipStream decompressed;

    // What may be the mark is held back: the last bytes so far.
    private readonly byte[] held = new byte[1 << 16];
    private int start;
    private int end;
    private bool ended;

    /// <summary>Takes a compressed stream, which goes with this one.</summary>
    public WholeGzipStream(Stream compressed) => decompressed = new GZipStream(new Joined(compressed, MarkMember), CompressionMode.Decompress);

    /// <exception cref="InvalidDataException">The compressed data is damaged or ends early.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!ended && end - start <= Mark.Length)
        {
            held.AsSpan(start, end - start).CopyTo(held);
            (start, end) = (0, end - start);
            int read = decompressed.Read(held, end, held.Length - end);
            end += read;
            ended = read == 0;
            if (ended && !held.AsSpan(start, end - start).SequenceEqual(Mark))
            {
                throw new InvalidDataException("there is no end of the compressed data");
            }
        }

        if (ended)
        {
            return 0;
        }

        int count = Math.Min(buffer.Length, end - start - Mark.Length);
        held.AsSpan(start, count).CopyTo(buffer);
        start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decompressed.Dispose();
        }

        base.Dispose(disposing);
    }

    private static byte[] Compress(byte[] data)
    {
        using MemoryStream member = new();
        using (GZipStream compressor = new(member, CompressionLevel.Fastest, leaveOpen: true))
        {
            compressor.Write(data);
        }

        return member.ToArray();
    }

    /// <summary>A stream and some bytes after it.</summary>
    private sealed class Joined(Stream first, byte[] last) : ForwardStream
    {
        private readonly MemoryStream rest = new(last, writable: false);

        public override int Read(Span<byte> buffer) => first.Read(buffer) is > 0 and int read ? read : rest.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                first.Dispose();
                rest.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
