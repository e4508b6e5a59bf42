namespace SparseEngine.Kernels.Gpu;

/// <summary>Rows of a product's input, cut into parts that fit into shared memory, as kernels see them.</summary>
/// <param name="length">The rows.</param>
/// <param name="chunk">Rows of a part, but for the last.</param>
internal readonly struct Chunks(int length, int chunk)
{
    /// <summary>The number of parts.</summary>
    public readonly int Count = (length + chunk - 1) / chunk;

    /// <summary>The first row of a part.</summary>
    public int First(int index) => index * chunk;

    /// <summary>Rows of a part.</summary>
    public int Width(int index)
    {
        int left = length - First(index);
        return left < chunk ? left : chunk;
    }
}
