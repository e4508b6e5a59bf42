using System.IO.Hashing;
using System.Numerics;

namespace SparseEngine.Metrics.TensorBoard;

/// <summary>The checksum of TFRecord files: CRC-32C, turned and offset, since a CRC of data that holds its own CRC is weak.</summary>
/// <remarks>RFC 3720, appendix B.4, and <c>tensorflow/core/lib/hash/crc32c.h</c>.</remarks>
internal static class MaskedCrc32C
{
    private const uint MaskDelta = 0xA282EAD8;

    /// <summary>The masked checksum of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => BitOperations.RotateRight(Crc32.HashToUInt32(Crc32ParameterSet.Crc32C, bytes), 15) + MaskDelta;
}
