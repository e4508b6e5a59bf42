using SparseEngine.Metrics.TensorBoard;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Metrics.TensorBoard;

public class MaskedCrc32CTests
{
    /// <summary>RFC 3720, appendix B.4, and the check value of the CRC catalogue.</summary>
    public static TheoryData<byte[], uint> Published => new()
    {
        { new byte[32], 0x8A9136AA },
        { [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43 },
        { [.. Enumerable.Range(0, 32).Select(value => (byte)value)], 0x46DD794E },
        { [.. Enumerable.Range(0, 32).Select(value => (byte)(31 - value))], 0x113FDB5C },
        { "123456789"u8.ToArray(), 0xE3069283 },
        { [], 0 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void The_checksum_is_the_published_one(byte[] bytes, uint expected)
    {
        Assert.Equal(Masked(expected), MaskedCrc32C.Of(bytes));
        Assert.Equal(expected, EventReader.Crc32C(bytes));
    }

    /// <summary>The head of a record of 24 bytes, such as an event file's first, and what TensorBoard's own writer puts after it.</summary>
    [Fact]
    public void The_masked_checksum_is_that_of_TensorBoards_writer() =>
        Assert.Equal(0x224B7FA3u, MaskedCrc32C.Of([0x18, 0, 0, 0, 0, 0, 0, 0]));

    private static uint Masked(uint checksum) => ((checksum >> 15) | (checksum << 17)) + 0xA282EAD8;
}
