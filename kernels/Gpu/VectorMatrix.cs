using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Activations as kernels see them: rows of <see cref="Float4"/>, four tokens each.</summary>
/// <param name="data">The memory from element [0, 0] on.</param>
/// <param name="stride">Vectors from one row to the next.</param>
internal readonly struct VectorMatrix(ArrayView<Float4> data, int stride)
{
    public ref Float4 this[int row, int vector] => ref data[(row * stride) + vector];
}

/// <summary>A matrix element by element: weights, tables, and activations at single tokens.</summary>
/// <param name="data">The memory from element [0, 0] on.</param>
/// <param name="stride">Elements from one row to the next.</param>
internal readonly struct ScalarMatrix(ArrayView<float> data, int stride)
{
    public ref float this[int row, int column] => ref data[(row * stride) + column];
}
