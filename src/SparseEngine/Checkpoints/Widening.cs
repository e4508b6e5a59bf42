using System.Numerics;

namespace SparseEngine.Checkpoints;

/// <summary>Conversion of stored elements to float32.</summary>
internal static class Widening
{
    /// <summary>Converts each element to the nearest float32.</summary>
    public static void ToSingle<T>(ReadOnlySpan<T> source, Span<float> destination)
        where T : INumberBase<T>
    {
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = float.CreateTruncating(source[i]);
        }
    }

    /// <summary>Converts bfloat16, which is the upper half of a float32.</summary>
    public static void BFloat16ToSingle(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }
}
