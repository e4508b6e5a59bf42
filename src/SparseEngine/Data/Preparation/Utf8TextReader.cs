using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace SparseEngine.Data.Preparation;

/// <summary>Reads UTF-8 as UTF-16, a byte order mark at its beginning left out, and knows at which byte it stops being UTF-8.</summary>
/// <param name="stream">The bytes.</param>
internal sealed class Utf8TextReader(Stream stream)
{
    private readonly byte[] buffer = new byte[1 << 16];

    /// <summary>The offset in the stream of the first byte in the buffer that is not taken.</summary>
    private long offset;
    private int start;
    private int end;
    private bool ended;
    private char? otherHalf;

    /// <summary>Fills a span, except at the end of the text.</summary>
    /// <remarks>Its last unit may be the first half of a surrogate pair, of which the other comes with the next.</remarks>
    /// <returns>The UTF-16 units read.</returns>
    /// <exception cref="InvalidUtf8Exception">The bytes are not UTF-8.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">What the stream decompresses is damaged.</exception>
    public int ReadBlock(Span<char> text)
    {
        int filled = 0;
        if (otherHalf is { } half && text.Length > 0)
        {
            text[filled++] = half;
            otherHalf = null;
        }

        while (filled < text.Length)
        {
            OperationStatus status = Utf8.ToUtf16(
                buffer.AsSpan(start, end - start), text[filled..], out int read, out int written, replaceInvalidSequences: false,
                isFinalBlock: ended);
            start += read;
            offset += read;
            filled += written;
            if (status == OperationStatus.InvalidData)
            {
                throw InvalidUtf8Exception.In(buffer.AsSpan(start, end - start), offset);
            }

            if (status == OperationStatus.DestinationTooSmall && filled == text.Length - 1)
            {
                text[filled++] = TakeFirstHalf();
            }
            else if (filled < text.Length && ended)
            {
                break;
            }
            else if (filled < text.Length)
            {
                Fill();
            }
        }

        return filled;
    }

    private char TakeFirstHalf()
    {
        Rune.DecodeFromUtf8(buffer.AsSpan(start, end - start), out Rune character, out int length);
        start += length;
        offset += length;
        Span<char> pair = stackalloc char[2];
        character.EncodeToUtf16(pair);
        otherHalf = pair[1];
        return pair[0];
    }

    private void Fill()
    {
        bool begins = offset == 0 && end == 0;
        do
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            int read = stream.Read(buffer, end, buffer.Length - end);
            end += read;
            ended = read == 0;
        }
        while (begins && !ended && end < Encoding.UTF8.Preamble.Length);

        if (begins && buffer.AsSpan(0, end).StartsWith(Encoding.UTF8.Preamble))
        {
            start = Encoding.UTF8.Preamble.Length;
            offset = start;
        }
    }
}
