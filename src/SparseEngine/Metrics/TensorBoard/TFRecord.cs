using System.Buffers.Binary;

namespace SparseEngine.Metrics.TensorBoard;

/// <summary>The frame of a record in a TFRecord file.</summary>
/// <remarks>
/// <c>tensorflow/core/lib/io/record_writer.h</c>: the data's length (uint64), the masked CRC-32C of those 8 bytes (uint32), the data,
/// and their masked CRC-32C (uint32); all little-endian.
/// </remarks>
internal static class TFRecord
{
    private const int HeaderBytes = sizeof(ulong) + sizeof(uint);

    /// <summary>Frames a record.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> data)
    {
        byte[] record = new byte[HeaderBytes + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), MaskedCrc32C.Of(record.AsSpan(0, sizeof(ulong))));
        data.CopyTo(record.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + data.Length), MaskedCrc32C.Of(data));
        return record;
    }
}
