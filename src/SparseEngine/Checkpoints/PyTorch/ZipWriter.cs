using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>Writes a zip archive of plain entries that start at multiples of 64 bytes, as PyTorch has them; with Zip64 beyond 4 GiB.</summary>
/// <remarks>The same entries make the same bytes: there are no times in it. (.ZIP File Format Specification, 4.3)</remarks>
/// <param name="file">Where it goes, from its start on.</param>
internal sealed class ZipWriter(Stream file)
{
    private const int Alignment = 64;
    private const int HeaderSize = 30;
    private const uint Elsewhere = uint.MaxValue;

    // 4.5, the first with Zip64.
    private const ushort Version = 45;

    // January 1 of 1980: the first day that there is.
    private const uint NoTime = 0x0021_0000;

    // PyTorch's own mark of the padding.
    private const ushort PaddingId = 0x4246;

    private readonly List<Written> entries = [];

    /// <summary>The CRC-32 of all entries' CRC-32s.</summary>
    public uint Checksum
    {
        get
        {
            Crc32 sum = new();
            foreach (Written entry in entries)
            {
                sum.Append(BitConverter.GetBytes(entry.Crc));
            }

            return sum.GetCurrentHashAsUInt32();
        }
    }

    /// <summary>Adds an entry, which a span keeps below the 4 GiB that need Zip64.</summary>
    public void Add(string name, ReadOnlySpan<byte> content)
    {
        long start = file.Position;
        Written entry = new(name, start, (uint)content.Length, Crc32.HashToUInt32(content));
        using MemoryStream header = new();
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        int unpadded = HeaderSize + nameBytes.Length + 4;
        int padding = (int)((Alignment - ((start + unpadded) % Alignment)) % Alignment);
        Put32(header, 0x04034B50);
        PutDescription(header, entry);
        Put16(header, (ushort)nameBytes.Length);
        Put16(header, (ushort)(4 + padding));
        header.Write(nameBytes);
        Put16(header, PaddingId);
        Put16(header, (ushort)padding);
        header.Write(new byte[padding]);
        header.WriteTo(file);
        file.Write(content);
        entries.Add(entry);
    }

    /// <summary>Writes the directory, with which the archive is whole.</summary>
    public void Finish()
    {
        long start = file.Position;
        using MemoryStream directory = new();
        foreach (Written entry in entries)
        {
            byte[] name = Encoding.UTF8.GetBytes(entry.Name);
            bool isFar = entry.Start >= Elsewhere;
            Put32(directory, 0x02014B50);
            Put16(directory, Version);
            PutDescription(directory, entry);
            Put16(directory, (ushort)name.Length);
            Put16(directory, (ushort)(isFar ? 4 + sizeof(long) : 0));
            directory.Write(new byte[10]); // No comment, the first disk, no attributes.
            Put32(directory, isFar ? Elsewhere : (uint)entry.Start);
            directory.Write(name);
            if (isFar)
            {
                Put16(directory, 1); // Zip64: what has no room above.
                Put16(directory, sizeof(long));
                Put64(directory, entry.Start);
            }
        }

        directory.WriteTo(file);
        PutEnd(start, directory.Length);
    }

    private static void PutDescription(MemoryStream header, Written entry)
    {
        Put16(header, Version);
        Put16(header, 1 << 11); // Names are UTF-8.
        Put16(header, 0); // Not compressed.
        Put32(header, NoTime);
        Put32(header, entry.Crc);
        Put32(header, entry.Length);
        Put32(header, entry.Length);
    }

    private static void Put16(Stream stream, ushort number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static void Put32(Stream stream, uint number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static void Put64(Stream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    // The Zip64 record is always there, as PyTorch writes it: large files are then no other case.
    private void PutEnd(long start, long size)
    {
        long end = file.Position;
        Put32(file, 0x06064B50);
        Put64(file, 44);
        Put16(file, Version);
        Put16(file, Version);
        Put64(file, 0); // This is the first of one disk.
        Put64(file, entries.Count);
        Put64(file, entries.Count);
        Put64(file, size);
        Put64(file, start);

        Put32(file, 0x07064B50);
        Put32(file, 0);
        Put64(file, end);
        Put32(file, 1);

        Put32(file, 0x06054B50);
        Put32(file, 0);
        ushort count = (ushort)Math.Min(entries.Count, ushort.MaxValue);
        Put16(file, count);
        Put16(file, count);
        Put32(file, (uint)Math.Min(size, Elsewhere));
        Put32(file, (uint)Math.Min(start, Elsewhere));
        Put16(file, 0);
    }

    private sealed record Written(string Name, long Start, uint Length, uint Crc);
}
