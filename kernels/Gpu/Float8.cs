namespace SparseEngine.Kernels.Gpu;

/// <summary>Two vectors of four tokens each, which need not lie side by side.</summary>
internal readonly struct Float8(Float4 low, Float4 high)
{
    public readonly Float4 Low = low, High = high;

    public static Float8 operator +(Float8 a, Float8 b) => new(a.Low + b.Low, a.High + b.High);

    public static Float8 operator *(float a, Float8 b) => new(a * b.Low, a * b.High);
}

/// <summary>A quad of rows, or the sums of one.</summary>
internal readonly struct Quad8(Float8 first, Float8 second, Float8 third, Float8 fourth)
{
    public readonly Float8 First = first, Second = second, Third = third, Fourth = fourth;

    /// <summary>The sums with a column's products: its four values, and its tokens.</summary>
    public Quad8 Add(Float4 values, Float8 input) => new(
        First + (values.X * input), Second + (values.Y * input), Third + (values.Z * input), Fourth + (values.W * input));

    /// <summary>A sum with the products of four values and the quad's tokens.</summary>
    public Float8 AddTo(Float8 sum, Float4 values)
    {
        sum += values.X * First;
        sum += values.Y * Second;
        sum += values.Z * Third;
        return sum + (values.W * Fourth);
    }
}
