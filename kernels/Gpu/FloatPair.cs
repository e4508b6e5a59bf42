using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>A number as the unevaluated sum of two floats: 48 bits of precision where float64 units are few or missing.</summary>
internal readonly struct FloatPair(float high, float low)
{
    private const uint UpperHalf = 0xFFFFF000;

    public readonly float High = high, Low = low;

    /// <summary>The sum to about 47 bits (Dekker, 1971: A floating-point technique for extending the available precision).</summary>
    public static FloatPair operator +(FloatPair a, FloatPair b)
    {
        float sum = a.High + b.High;
        float added = sum - a.High;
        float error = (a.High - (sum - added)) + (b.High - added) + (a.Low + b.Low);
        float high = sum + error;
        return new FloatPair(high, error - (high - sum));
    }

    /// <summary>A number to 48 bits; what is not finite, or too large for a float, has no second part.</summary>
    public static FloatPair Of(double value)
    {
        float high = (float)value;
        return new FloatPair(high, float.IsFinite(high) ? (float)(value - high) : 0);
    }

    /// <summary>The exact square of a float.</summary>
    public static FloatPair Square(float value)
    {
        // The halves of a significand have 12 bits each, so that no product and no sum below is rounded.
        float upper = Interop.IntAsFloat(Interop.FloatAsInt(value) & UpperHalf);
        float lower = value - upper;
        float square = value * value;
        return new FloatPair(square, ((upper * upper) - square) + (2 * upper * lower) + (lower * lower));
    }
}
