using System.Buffers.Binary;

namespace SparseEngine.Tests.Robustness;

/// <summary>What can happen to the bytes of a file: by accident, or by someone who knows what a parser trusts.</summary>
internal static class Damage
{
    private static readonly long[] Extremes =
    [
        0, 1, -1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, int.MaxValue - 56, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue,
        1L << 40, 0x3FFF_FFFF,
    ];

    /// <summary>A damaged copy; the same for the same seed.</summary>
    public static byte[] Of(ReadOnlySpan<byte> whole, int seed)
    {
        Random random = new(seed);
        byte[] bytes = whole.ToArray();
        switch (seed % 6)
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                return Repeated(bytes, (_, at) => bytes[at] ^= (byte)(1 << random.Next(8)), random, times: 1 + random.Next(8));
            case 2:
                return Repeated(bytes, (_, at) => bytes[at] = (byte)random.Next(256), random, times: 1 + random.Next(64));
            case 3:
                return Repeated(bytes, (size, at) => Put(bytes, at, size, Extremes[random.Next(Extremes.Length)]), random, times: 1 + random.Next(4));
            case 4:
                // An address or a length that the file has room for: what makes a structure lead in circles.
                return Repeated(bytes, (size, at) => Put(bytes, at, size, random.Next(bytes.Length)), random, times: 1 + random.Next(4));
            default:
                int length = 1 + random.Next(Math.Min(512, bytes.Length));
                int from = random.Next(bytes.Length - length + 1);
                bytes.AsSpan(from, length).ToArray().CopyTo(bytes, random.Next(bytes.Length - length + 1));
                return bytes;
        }
    }

    private static byte[] Repeated(byte[] bytes, Action<int, int> change, Random random, int times)
    {
        // Half of it near the start, where headers are.
        int reach = random.Next(2) == 0 ? Math.Min(bytes.Length, 1024) : bytes.Length;
        for (int i = 0; i < times; i++)
        {
            int size = 1 << random.Next(4);
            change(size, random.Next(Math.Max(1, (reach / size) - 1)) * size);
        }

        return bytes;
    }

    private static void Put(byte[] bytes, int at, int size, long value)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, value);
        number[..Math.Min(size, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
    }
}
