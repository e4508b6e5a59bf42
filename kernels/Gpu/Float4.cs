namespace SparseEngine.Kernels.Gpu;

/// <summary>Four floats side by side: what one thread loads and stores with one 16-byte instruction.</summary>
internal readonly struct Float4(float x, float y, float z, float w)
{
    public readonly float X = x, Y = y, Z = z, W = w;

    /// <summary>Floats in a vector.</summary>
    public const int Width = 4;

    public float Sum => (X + Y) + (Z + W);

    public static Float4 Broadcast(float value) => new(value, value, value, value);

    public static Float4 operator +(Float4 a, Float4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    public static Float4 operator -(Float4 a, Float4 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z, a.W - b.W);

    public static Float4 operator *(Float4 a, Float4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    public static Float4 operator *(float a, Float4 b) => new(a * b.X, a * b.Y, a * b.Z, a * b.W);

    public static Float4 operator /(Float4 a, Float4 b) => new(a.X / b.X, a.Y / b.Y, a.Z / b.Z, a.W / b.W);

    public static Float4 Sqrt(Float4 a) => new(MathF.Sqrt(a.X), MathF.Sqrt(a.Y), MathF.Sqrt(a.Z), MathF.Sqrt(a.W));

    /// <summary>The vector with the lanes from <paramref name="count"/> on set to zero, whatever they held.</summary>
    public static Float4 Keep(Float4 a, int count) => new(count > 0 ? a.X : 0, count > 1 ? a.Y : 0, count > 2 ? a.Z : 0, count > 3 ? a.W : 0);
}

/// <summary>Two words that one instruction loads.</summary>
internal readonly struct Int2(int x, int y)
{
    public readonly int X = x, Y = y;
}

/// <summary>Four words that one instruction loads.</summary>
internal readonly struct Int4(int x, int y, int z, int w)
{
    public readonly int X = x, Y = y, Z = z, W = w;
}
