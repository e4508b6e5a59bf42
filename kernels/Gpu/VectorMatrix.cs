using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Activations as kernels see them: rows of <see cref="Float4"/>, four tokens each.</summary>
/// <param name="data">The memory from element [0, 0] on.</param>
/// <param name="stride">Vectors from one row to the next.</param>
internal readonly struct VectorMatrix(ArrayView<Float4> data, int stride)
{
    /// <summary>Vectors from one row to the next.</summary>
    public int Stride => stride;

    public ref Float4 this[int row, int vector] => ref data[(row * stride) + vector];

    /// <summary>Where a vector lies, for <see cref="At"/>.</summary>
    /// <remarks>
    /// A loop that counts places up is several times as fast as one that computes them: ILGPU moves what stays the same in a loop into it.
    /// </remarks>
    public int Place(int row, int vector) => (row * stride) + vector;

    /// <summary>The vector at a place.</summary>
    public Float4 At(int place) => data[place];

    /// <summary>A vector of a row with so many tokens; those beyond the last are zeros.</summary>
    public Float4 Tokens(int row, int vector, int tokens)
    {
        int left = tokens - (vector * Float4.Width);
        return left >= Float4.Width ? this[row, vector] : left > 0 ? Float4.Keep(this[row, vector], left) : default;
    }
}

/// <summary>A matrix element by element: weights, tables, and activations at single tokens.</summary>
/// <param name="data">The memory from element [0, 0] on.</param>
/// <param name="stride">Elements from one row to the next.</param>
internal readonly struct ScalarMatrix(ArrayView<float> data, int stride)
{
    /// <summary>Elements from one row to the next.</summary>
    public int Stride => stride;

    public ref float this[int row, int column] => ref data[(row * stride) + column];

    /// <summary>Where an element lies, for <see cref="At"/>: a loop that counts places up is faster.</summary>
    public int Place(int row, int column) => (row * stride) + column;

    /// <summary>The element at a place.</summary>
    public float At(int place) => data[place];
}
