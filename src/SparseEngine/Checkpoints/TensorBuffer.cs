namespace SparseEngine.Checkpoints;

/// <summary>The one place that tensors are filled in, one after the other, while a file is written.</summary>
/// <remarks>A new array for each would leave the old ones to the garbage collector, which lets several large ones pile up.</remarks>
internal sealed class TensorBuffer(IReadOnlyList<TensorWriter> tensors)
{
    /// <summary>The array, as long as the largest tensor; a smaller one fills its beginning.</summary>
    public float[] Elements { get; } = new float[tensors.Select(tensor => tensor.Elements).DefaultIfEmpty().Max()];

    /// <summary>A tensor's elements, valid until the next one is filled.</summary>
    public ReadOnlySpan<float> Fill(TensorWriter tensor)
    {
        Span<float> filled = Elements.AsSpan(0, tensor.Elements);
        filled.Clear();
        tensor.Fill(filled);
        return filled;
    }
}
