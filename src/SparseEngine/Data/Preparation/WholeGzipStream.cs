using System.IO.Compression;
using System.Security.Cryptography;

namespace SparseEngine.Data.Preparation;

/// <summary>Decompresses gzip and notices where it ends early, which <see cref="GZipStream"/> takes for the end of the data.</summary>
/// <remarks>A member of its own is put after the file's. Only after a whole file does it come out as it went in.</remarks>
internal sealed class WholeGzipStream : ForwardStream
{
    private static readonly byte[] RandomMark = RandomNumberGenerator.GetBytes(16);

    private readonly byte[] mark;
    private readonly Joined compressed;
    private readonly GZipStream decompressed;

    // What may be the mark is held back: the last bytes so far.
    private byte[] held = new byte[1 << 16];
    private int start;
    private int end;
    private bool ended;

    /// <summary>Takes a compressed stream, which goes with this one.</summary>
    public WholeGzipStream(Stream compressed)
        : this(compressed, RandomMark)
    {
    }

    /// <summary>Takes a compressed stream and what the member after its last decompresses to.</summary>
    internal WholeGzipStream(Stream compressed, byte[] mark)
    {
        this.mark = mark;
        this.compressed = new Joined(compressed, Compress(mark));
        decompressed = new GZipStream(this.compressed, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The compressed data is damaged or ends early.</exception>
    public override int Read(Span<byte> buffer)
    {
        // Once the member of the mark is being read, nothing goes out before its end is seen: after data that ends early, it decompresses to
        // anything. What is left then is little: it comes of what one read of the file gave.
        while (!ended && (end - start <= mark.Length || compressed.IsPastFirst))
        {
            held.AsSpan(start, end - start).CopyTo(held);
            (start, end) = (0, end - start);
            if (end == held.Length)
            {
                Array.Resize(ref held, 2 * held.Length);
            }

            int read = decompressed.Read(held, end, held.Length - end);
            end += read;
            ended = read == 0;
            if (ended && !held.AsSpan(start, end - start).EndsWith(mark))
            {
                throw new InvalidDataException("there is no end of the compressed data");
            }
        }

        int count = Math.Min(buffer.Length, end - start - mark.Length);
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

        /// <summary>Whether the stream has ended.</summary>
        public bool IsPastFirst { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            int read = IsPastFirst ? 0 : first.Read(buffer);
            IsPastFirst = read == 0 && buffer.Length > 0;
            return IsPastFirst ? rest.Read(buffer) : read;
        }

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
