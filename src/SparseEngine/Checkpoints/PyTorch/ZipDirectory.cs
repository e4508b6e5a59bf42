using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>A file in a zip archive.</summary>
/// <param name="Name">Its name, folders and all.</param>
/// <param name="Header">Where its local header lies.</param>
/// <param name="Stored">The bytes that it takes in the archive.</param>
/// <param name="Length">Its own bytes.</param>
/// <param name="IsPlain">Whether it is neither compressed nor encrypted.</param>
internal sealed record ZipEntry(string Name, long Header, long Stored, long Length, bool IsPlain);

/// <summary>The central directory of a zip archive, Zip64 included, checked against the file's length.</summary>
/// <remarks>.NET's own reader does not say where in the file an entry lies. (.ZIP File Format Specification, 4.3)</remarks>
internal static class ZipDirectory
{
    private const int EndSize = 22;
    private const int LongestComment = ushort.MaxValue;
    private const int LocatorSize = 20;
    private const int End64Size = 56;
    private const int EntrySize = 46;
    private const int HeaderSize = 30;

    // An entry takes about a hundred bytes.
    private const int Largest = 32 << 20;

    /// <summary>Reads the entries in the archive's order.</summary>
    /// <exception cref="InvalidDataException">It is cut short or damaged.</exception>
    public static IReadOnlyList<ZipEntry> Read(FileStream file)
    {
        (long start, long size) = Locate(file);
        if (start < 0 || size < 0 || start > file.Length - size || size > Largest)
        {
            throw Damaged("does not lie in it");
        }

        byte[] directory = ReadAt(file, start, (int)size);
        List<ZipEntry> entries = [];
        for (int at = 0; at < directory.Length;)
        {
            ReadOnlySpan<byte> rest = directory.AsSpan(at);
            if (rest.Length < EntrySize || !rest.StartsWith("PK\x01\x02"u8))
            {
                throw Damaged("has an entry that is none");
            }

            int name = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            int extra = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
            int length = EntrySize + name + extra + BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            if (length > rest.Length)
            {
                throw Damaged("ends inside an entry");
            }

            entries.Add(Parse(rest, Encoding.UTF8.GetString(rest.Slice(EntrySize, name)), rest.Slice(EntrySize + name, extra)));
            at += length;
        }

        return entries;
    }

    /// <summary>Where an entry's bytes lie, which only its local header says.</summary>
    /// <exception cref="InvalidDataException">They do not lie in the file as they are, without compression.</exception>
    public static long PositionOf(FileStream file, ZipEntry entry)
    {
        if (!entry.IsPlain || entry.Stored != entry.Length)
        {
            throw new InvalidDataException(
                $"holds {entry.Name} compressed or encrypted, as torch.save does not; unpack the archive and pack it anew with zip -0");
        }

        if (entry.Header < 0 || entry.Header > file.Length - HeaderSize)
        {
            throw Outside(entry);
        }

        byte[] header = ReadAt(file, entry.Header, HeaderSize);
        long position = entry.Header + HeaderSize
            + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(26)) + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(28));
        bool isWhole = header.AsSpan().StartsWith("PK\x03\x04"u8) && entry.Length >= 0 && position <= file.Length - entry.Length;
        return isWhole ? position : throw Outside(entry);
    }

    private static (long Start, long Size) Locate(FileStream file)
    {
        int length = (int)Math.Min(file.Length, EndSize + LongestComment);
        byte[] tail = ReadAt(file, file.Length - length, length);
        for (int at = length - EndSize; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = tail.AsSpan(at);
            if (end.StartsWith("PK\x05\x06"u8) && BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) == end.Length - EndSize)
            {
                return Locate64(file, file.Length - length + at) ?? (
                    BinaryPrimitives.ReadUInt32LittleEndian(end[16..]), BinaryPrimitives.ReadUInt32LittleEndian(end[12..]));
            }
        }

        throw new InvalidDataException("is damaged: it is a zip archive, as torch.save writes, whose end is missing");
    }

    /// <summary>What the Zip64 record before the end says; null where there is none.</summary>
    private static (long Start, long Size)? Locate64(FileStream file, long end)
    {
        byte[] locator = end < LocatorSize ? [] : ReadAt(file, end - LocatorSize, LocatorSize);
        if (!locator.AsSpan().StartsWith("PK\x06\x07"u8))
        {
            return null;
        }

        long at = BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8));
        byte[] record = at < 0 || at > file.Length - End64Size ? [] : ReadAt(file, at, End64Size);
        if (!record.AsSpan().StartsWith("PK\x06\x06"u8))
        {
            throw Damaged("has no Zip64 record where it says");
        }

        return (BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(48)), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(40)));
    }

    private static ZipEntry Parse(ReadOnlySpan<byte> entry, string name, ReadOnlySpan<byte> extra)
    {
        const uint elsewhere = uint.MaxValue;
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        ReadOnlySpan<byte> numbers = Zip64(extra);
        length = length == elsewhere ? Next(ref numbers) : length;
        stored = stored == elsewhere ? Next(ref numbers) : stored;
        header = header == elsewhere ? Next(ref numbers) : header;
        bool isEncrypted = (entry[8] & 1) != 0;
        bool isCompressed = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]) != 0;
        return new ZipEntry(name, header, stored, length, !isEncrypted && !isCompressed);

        static long Next(ref ReadOnlySpan<byte> numbers)
        {
            if (numbers.Length < sizeof(long))
            {
                throw Damaged("lacks a Zip64 number");
            }

            long number = BinaryPrimitives.ReadInt64LittleEndian(numbers);
            numbers = numbers[sizeof(long)..];
            return number;
        }
    }

    private static ReadOnlySpan<byte> Zip64(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                break;
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1)
            {
                return extra.Slice(4, length);
            }

            extra = extra[(4 + length)..];
        }

        return [];
    }

    private static byte[] ReadAt(FileStream file, long position, int count)
    {
        byte[] bytes = new byte[count];
        file.Position = position;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static InvalidDataException Damaged(string what) => new($"is damaged: the directory of its zip archive {what}");

    private static InvalidDataException Outside(ZipEntry entry) => new($"is damaged: {entry.Name} does not lie in it");
}
