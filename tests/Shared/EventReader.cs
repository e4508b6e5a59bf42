using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Tests.Shared;

/// <summary>A value of a summary: a number, or a text for a part of TensorBoard.</summary>
internal sealed record ReadValue(string Tag, float? Number, string? Text, string? Plugin);

/// <summary>An event: what it says is its version, a start, or values.</summary>
internal sealed record ReadEvent(double WallTime, int Step, string? Version, int? SessionStatus, IReadOnlyList<ReadValue> Values);

/// <summary>Reads event files by the formats' descriptions, with nothing of what writes them.</summary>
internal static class EventReader
{
    /// <summary>The events of a folder's files, in the order that TensorBoard takes.</summary>
    public static IReadOnlyList<ReadEvent> ReadFolder(string folder) => [.. Files(folder).SelectMany(path => Read(File.ReadAllBytes(path)))];

    /// <summary>The event files of a folder; names sort by time.</summary>
    public static string[] Files(string folder) => [.. Directory.GetFiles(folder, "events.out.tfevents.*").Order(StringComparer.Ordinal)];

    /// <summary>The events of a whole file.</summary>
    public static IReadOnlyList<ReadEvent> Read(byte[] file) => [.. Records(file).Select(ReadEventFrom)];

    /// <summary>CRC-32C, bit by bit: the reflected polynomial 0x1EDC6F41.</summary>
    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
            }
        }

        return ~crc;
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            AssertChecksum(file.AsSpan(at, 8), file.AsSpan(at + 8, 4));
            AssertChecksum(file.AsSpan(at + 12, length), file.AsSpan(at + 12 + length, 4));
            yield return file.AsSpan(at + 12, length).ToArray();
            at += 12 + length + 4;
        }
    }

    private static void AssertChecksum(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> masked)
    {
        uint rotated = BinaryPrimitives.ReadUInt32LittleEndian(masked) - 0xA282EAD8;
        Assert.Equal(Crc32C(bytes), (rotated >> 17) | (rotated << 15));
    }

    private static ReadEvent ReadEventFrom(byte[] bytes)
    {
        ILookup<int, object> fields = Fields(bytes);
        return new ReadEvent(
            BitConverter.UInt64BitsToDouble((ulong)fields[1].Single()),
            (int)(ulong)fields[2].SingleOrDefault(0UL),
            Text(fields[3]),
            Message(fields[7]) is { } session ? (int)(ulong)session[1].Single() : null,
            [.. (Message(fields[5])?[1] ?? []).Select(value => ReadValueFrom((byte[])value))]);
    }

    private static ReadValue ReadValueFrom(byte[] bytes)
    {
        ILookup<int, object> fields = Fields(bytes);
        ILookup<int, object>? tensor = Message(fields[8]);
        if (tensor is not null)
        {
            // A string, and the empty shape of a single element.
            Assert.Equal(7UL, tensor[1].Single());
            Assert.Empty(Fields((byte[])tensor[2].Single()));
        }

        return new ReadValue(
            Text(fields[1])!,
            fields[2].SingleOrDefault() is uint number ? BitConverter.UInt32BitsToSingle(number) : null,
            tensor is null ? null : Text(tensor[8]),
            Message(fields[9]) is { } metadata ? Text(Message(metadata[1])![1]) : null);
    }

    private static string? Text(IEnumerable<object> field) => field.SingleOrDefault() is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static ILookup<int, object>? Message(IEnumerable<object> field) => field.SingleOrDefault() is byte[] bytes ? Fields(bytes) : null;

    /// <summary>A message's fields by number: ulong (variable length or 64 bits), uint (32 bits) or bytes.</summary>
    private static ILookup<int, object> Fields(byte[] message)
    {
        List<(int Number, object Value)> fields = [];
        for (int at = 0; at < message.Length;)
        {
            ulong key = Varint(message, ref at);
            object value;
            switch (key & 7)
            {
                case 0:
                    value = Varint(message, ref at);
                    break;
                case 1:
                    value = BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(at));
                    at += 8;
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    value = message.AsSpan(at, length).ToArray();
                    at += length;
                    break;
                case 5:
                    value = BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(at));
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"{key & 7} is no wire type");
            }

            fields.Add(((int)(key >> 3), value));
        }

        return fields.ToLookup(field => field.Number, field => field.Value);
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
