using System.Text;
using System.Text.Unicode;

namespace SparseEngine.Data.Preparation;

/// <summary>Reads lines of UTF-8, each ended by a line feed, a carriage return, or both; a byte order mark before the first is skipped.</summary>
/// <remarks>
/// Lines are told apart as bytes and decoded one by one, so that bytes that are no UTF-8 are met when their line is read;
/// a <see cref="StreamReader"/> decodes ahead and meets them lines before. Memory is that of the longest line.
/// </remarks>
/// <param name="stream">The bytes.</param>
internal sealed class LineReader(Stream stream)
{
    /// <summary>What a string can hold for certain.</summary>
    private const int LongestLine = 1_000_000_000;

    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;
    private long offsetOfBuffer;
    private bool begun;

    /// <summary>Reads the next line.</summary>
    /// <returns>The line without its end; null after the last.</returns>
    /// <exception cref="InvalidUtf8Exception">The line is not UTF-8.</exception>
    /// <exception cref="IOException">The line is longer than a string can be, or the stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">What the stream decompresses is damaged.</exception>
    public string? ReadLine()
    {
        if (!begun)
        {
            begun = true;
            SkipByteOrderMark();
        }

        int length = 0;
        while (true)
        {
            int found = buffer.AsSpan(start + length, end - start - length).IndexOfAny((byte)'\n', (byte)'\r');
            if (found >= 0)
            {
                return Take(length + found);
            }

            length = end - start;
            if (!Fill())
            {
                return length > 0 ? Decode(length) : null;
            }
        }
    }

    private void SkipByteOrderMark()
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        while (end < mark.Length && Fill())
        {
        }

        start = buffer.AsSpan(0, end).StartsWith(mark) ? mark.Length : 0;
    }

    /// <summary>Decodes a line and passes over its end.</summary>
    private string Take(int length)
    {
        // Whether a line feed belongs to a carriage return shows only with the byte after it.
        bool isPair = buffer[start + length] == '\r' && (start + length + 1 < end || Fill()) && buffer[start + length + 1] == '\n';
        string line = Decode(length);
        start += isPair ? 2 : 1;
        return line;
    }

    private string Decode(int length)
    {
        ReadOnlySpan<byte> line = buffer.AsSpan(start, length);
        if (!Utf8.IsValid(line))
        {
            throw InvalidUtf8Exception.In(line, offsetOfBuffer + start);
        }

        start += length;
        return Encoding.UTF8.GetString(line);
    }

    /// <summary>Reads on, with what is not taken moved to the front; false at the end.</summary>
    private bool Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        offsetOfBuffer += start;
        (start, end) = (0, end - start);
        if (end == buffer.Length)
        {
            if (end == LongestLine)
            {
                throw new IOException($"the line has more than {LongestLine} bytes");
            }

            Array.Resize(ref buffer, Math.Min(2 * buffer.Length, LongestLine));
        }

        int read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }
}
