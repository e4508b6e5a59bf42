using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace SparseEngine.Checkpoints;

/// <summary>A part of a file.</summary>
/// <param name="Offset">Where it starts.</param>
/// <param name="Length">Its number of bytes.</param>
internal readonly record struct FileRegion(long Offset, long Length)
{
    /// <summary>Where it ends.</summary>
    public long End => Offset + Length;
}

/// <summary>
/// The checksum of an .mdl file's structure: of all its bytes but the tensors' elements, which have checksums of their own. It is
/// checked before the file is parsed, at a cost that does not grow with the tensors.
/// </summary>
/// <remarks>
/// It lies behind the end that the HDF5 superblock states, where HDF5 readers do not look. All numbers are little endian:
/// 8 bytes "SPENMDL1", the number of regions (8 bytes), for each the offset and the length (8 bytes each), ascending, and the CRC-32
/// (4 bytes) of the file up to there without the regions.
/// </remarks>
internal static class StructureChecksum
{
    private const int RegionSize = 2 * sizeof(long);

    private static ReadOnlySpan<byte> Signature => "SPENMDL1"u8;

    private static int StartSize => Signature.Length + sizeof(long);

    /// <summary>Adds the checksum to the end of a file.</summary>
    /// <param name="file">A whole HDF5 file; readable and writable.</param>
    /// <param name="tensors">Where its tensors' elements lie, in any order.</param>
    public static void Append(Stream file, IEnumerable<FileRegion> tensors)
    {
        FileRegion[] regions = [.. tensors.OrderBy(region => region.Offset)];
        byte[] trailer = new byte[StartSize + (regions.Length * RegionSize)];
        Signature.CopyTo(trailer);
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(Signature.Length), regions.Length);
        MemoryMarshal.AsBytes(regions.AsSpan()).CopyTo(trailer.AsSpan(StartSize));

        long end = file.Length;
        Crc32 sum = OfStructure(file, end, regions);
        sum.Append(trailer);
        file.Position = end;
        file.Write(trailer);
        file.Write(sum.GetCurrentHash());
    }

    /// <summary>Checks the structure of a file against its checksum, where it has one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="end">Where its HDF5 content ends.</param>
    /// <returns>Whether it is whole, or has no checksum, as the files of other programs.</returns>
    public static bool Verify(Stream file, long end)
    {
        byte[] start = new byte[StartSize];
        file.Position = end;
        int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (!start.AsSpan(0, read).StartsWith(Signature))
        {
            return true;
        }

        long count = BinaryPrimitives.ReadInt64LittleEndian(start.AsSpan(Signature.Length));
        long length = file.Length - end;
        if (read < start.Length || count < 0 || count > length / RegionSize || length != start.Length + (count * RegionSize) + sizeof(uint))
        {
            return false;
        }

        FileRegion[] regions = new FileRegion[count];
        file.ReadExactly(MemoryMarshal.AsBytes(regions.AsSpan()));
        byte[] stored = new byte[sizeof(uint)];
        file.ReadExactly(stored);
        if (!AreApart(regions, end))
        {
            return false;
        }

        Crc32 sum = OfStructure(file, end, regions);
        sum.Append(start);
        sum.Append(MemoryMarshal.AsBytes(regions.AsSpan()));
        return sum.GetCurrentHash().AsSpan().SequenceEqual(stored);
    }

    private static bool AreApart(ReadOnlySpan<FileRegion> regions, long end)
    {
        long position = 0;
        foreach (FileRegion region in regions)
        {
            if (region.Offset < position || region.Offset > end || region.Length < 0 || region.Length > end - region.Offset)
            {
                return false;
            }

            position = region.End;
        }

        return true;
    }

    /// <summary>The CRC-32 of the bytes up to <paramref name="end"/> that no region has.</summary>
    private static Crc32 OfStructure(Stream file, long end, ReadOnlySpan<FileRegion> regions)
    {
        Crc32 sum = new();
        byte[] buffer = new byte[1 << 16];
        long position = 0;
        foreach (FileRegion region in regions)
        {
            Append(sum, file, position, region.Offset, buffer);
            position = region.End;
        }

        Append(sum, file, position, end, buffer);
        return sum;
    }

    private static void Append(Crc32 sum, Stream file, long start, long end, byte[] buffer)
    {
        file.Position = start;
        for (long left = end - start; left > 0;)
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            file.ReadExactly(bytes);
            sum.Append(bytes);
            left -= bytes.Length;
        }
    }
}
