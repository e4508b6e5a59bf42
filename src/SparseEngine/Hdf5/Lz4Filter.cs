using System.Buffers.Binary;
using PureHDF.Filters;

namespace SparseEngine.Hdf5;

/// <summary>HDF5's registered filter 32004, LZ4, which the Model Zoo's saver compresses tensors with. It reads only.</summary>
/// <remarks>
/// A chunk is its length (8 bytes) and that of a block (4 bytes), both big endian, then for each block its stored length (4 bytes) and its bytes:
/// an LZ4 block, or where they are as many as the block has, those of the block itself.
/// </remarks>
internal sealed class Lz4Filter : IH5Filter
{
    private const int HeaderSize = sizeof(long) + sizeof(int);

    /// <inheritdoc/>
    public ushort FilterId => 32004;

    /// <inheritdoc/>
    public string Name => "lz4";

    /// <inheritdoc/>
    public Memory<byte> Filter(FilterInfo info)
    {
        if (!info.Flags.HasFlag(H5FilterFlags.Decompress))
        {
            throw new NotSupportedException("LZ4 is read and not written.");
        }

        ReadOnlySpan<byte> source = info.Buffer.Span;
        long length = BinaryPrimitives.ReadInt64BigEndian(source);
        int blockLength = BinaryPrimitives.ReadInt32BigEndian(source[sizeof(long)..]);
        if (length != info.ChunkSize || blockLength <= 0)
        {
            throw new InvalidDataException($"an LZ4 chunk of {info.ChunkSize} bytes says that it has {length}, in blocks of {blockLength}");
        }

        byte[] chunk = new byte[info.ChunkSize];
        source = source[HeaderSize..];
        for (int done = 0; done < chunk.Length; done += blockLength)
        {
            Span<byte> block = chunk.AsSpan(done, Math.Min(blockLength, chunk.Length - done));
            int stored = BinaryPrimitives.ReadInt32BigEndian(source);
            ReadOnlySpan<byte> bytes = source.Slice(sizeof(int), stored);
            source = source[(sizeof(int) + stored)..];
            if (stored == block.Length)
            {
                bytes.CopyTo(block);
            }
            else
            {
                Decode(bytes, block);
            }
        }

        return chunk;
    }

    /// <inheritdoc/>
    public uint[] GetParameters(uint[] chunkDimensions, uint typeSize, Dictionary<string, object>? options) =>
        throw new NotSupportedException("LZ4 is read and not written.");

    /// <summary>Decodes one block (LZ4 Block Format Description); whatever does not fit is an exception of the spans.</summary>
    private static void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int done = 0;
        while (!source.IsEmpty)
        {
            int token = source[0];
            source = source[1..];
            int literals = Length(token >> 4, ref source);
            source[..literals].CopyTo(destination[done..]);
            source = source[literals..];
            done += literals;
            if (source.IsEmpty)
            {
                break;
            }

            int offset = BinaryPrimitives.ReadUInt16LittleEndian(source);
            source = source[sizeof(ushort)..];
            int match = Length(token & 15, ref source) + 4;
            if (offset == 0 || offset > done || match > destination.Length - done)
            {
                throw new InvalidDataException("an LZ4 block refers to what is not in it");
            }

            // A match may overlap what it makes.
            for (int end = done + match; done < end; done++)
            {
                destination[done] = destination[done - offset];
            }
        }

        if (done != destination.Length)
        {
            throw new InvalidDataException($"an LZ4 block has {done} of {destination.Length} bytes");
        }
    }

    private static int Length(int start, ref ReadOnlySpan<byte> source)
    {
        int length = start;
        if (start == 15)
        {
            byte more;
            do
            {
                more = source[0];
                source = source[1..];
                length = checked(length + more);
            }
            while (more == 255);
        }

        return length;
    }
}
