using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>The bytes of a pickle in a file: no read goes past their end, and nothing is allocated for what is not there.</summary>
internal sealed class PickleInput
{
    /// <summary>The bytes that a pickle may have. A tensor takes about 150 of them: room for 100,000.</summary>
    public const int Largest = 16 << 20;

    // Of a global's module or name, which end with a line feed.
    private const int LongestLine = 1000;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stream file;
    private long left;

    /// <summary>Starts where the file stands.</summary>
    /// <param name="file">The file.</param>
    /// <param name="length">The bytes that there may be.</param>
    public PickleInput(Stream file, long length)
    {
        this.file = file;
        left = Math.Min(length, Largest);
    }

    public byte ReadByte()
    {
        Take(1);
        return (byte)file.ReadByte();
    }

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(sizeof(ushort)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(sizeof(int)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(sizeof(ulong)));

    /// <summary>Reads a float64, which pickles have big endian.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(ReadBytes(sizeof(double)));

    public byte[] ReadBytes(ulong count)
    {
        Take(count);
        byte[] bytes = new byte[count];
        file.ReadExactly(bytes);
        return bytes;
    }

    public string ReadText(ulong bytes)
    {
        try
        {
            return Utf8.GetString(ReadBytes(bytes));
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException("is damaged: its pickle has a text that is no Unicode", exception);
        }
    }

    public string ReadLine()
    {
        StringBuilder line = new();
        for (byte next = ReadByte(); next != '\n'; next = ReadByte())
        {
            line.Append((char)next);
            if (line.Length > LongestLine)
            {
                throw new InvalidDataException($"is damaged: its pickle has a name of more than {LongestLine} bytes");
            }
        }

        return line.ToString();
    }

    private void Take(ulong count)
    {
        if (count > (ulong)left)
        {
            throw new InvalidDataException(
                $"is damaged: its pickle does not end where it should, or has more than the {Largest} bytes that it may have here");
        }

        left -= (long)count;
    }
}
