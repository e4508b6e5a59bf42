namespace SparseEngine.Kernels.Gpu;

/// <summary>The sums of a quad of rows, a vector of tokens each.</summary>
internal readonly struct QuadSums(Float4 first, Float4 second, Float4 third, Float4 fourth)
{
    public readonly Float4 First = first, Second = second, Third = third, Fourth = fourth;

    /// <summary>The sums with a column's products: its four values, and a vector of its tokens.</summary>
    public QuadSums Add(Float4 values, Float4 input) => new(
        First + (values.X * input), Second + (values.Y * input), Third + (values.Z * input), Fourth + (values.W * input));

    /// <summary>A sum with the products of four values and the quad's vectors.</summary>
    public Float4 AddTo(Float4 sum, Float4 values)
    {
        sum += values.X * First;
        sum += values.Y * Second;
        sum += values.Z * Third;
        return sum + (values.W * Fourth);
    }
}
