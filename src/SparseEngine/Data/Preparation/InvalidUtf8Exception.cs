using System.Buffers;
using System.Text;

namespace SparseEngine.Data.Preparation;

/// <summary>Text that should be UTF-8 is not.</summary>
internal sealed class InvalidUtf8Exception : Exception
{
    private const byte FirstOfMark = 0xFE;

    private InvalidUtf8Exception(string message)
        : base(message)
    {
    }

    /// <summary>Describes the first bytes of a text that are no character.</summary>
    /// <param name="text">Some bytes that hold them, from a character's beginning.</param>
    /// <param name="offset">Where these begin, in bytes of the whole text, decompressed.</param>
    public static InvalidUtf8Exception In(ReadOnlySpan<byte> text, long offset)
    {
        int valid = 0;
        int length;
        while (Rune.DecodeFromUtf8(text[valid..], out _, out length) == OperationStatus.Done)
        {
            valid += length;
        }

        return new InvalidUtf8Exception(Describe(offset + valid, text.Slice(valid, length)));
    }

    private static string Describe(long offset, ReadOnlySpan<byte> bytes) => offset == 0 && bytes is [FirstOfMark or byte.MaxValue, ..]
        ? "is not UTF-8 but UTF-16, by its first bytes; save it as UTF-8"
        : $"is not UTF-8: it has the bytes {Convert.ToHexString(bytes)} at offset {offset}";
}
