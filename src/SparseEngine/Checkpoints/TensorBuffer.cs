namespace SparseEngine.Checkpoints;

/// <summary>The one place that tensors are filled in, one after the other, while a file is written.</summary>
/// <remarks>A new array for each would leave the old ones to the garbage collector, which lets several large ones pile up.</remarks>
internal sealed class TensorBuffer
{
    /// <summary>The elements of a part that is more than a row: 2 MiB.</summary>
    private const int PartElements = 1 << 19;

    private readonly bool isWhole;
    private readonly float[] elements;

    /// <summary>Makes room for some tensors.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="isWhole">Whether each comes in one part, however large it is.</param>
    public TensorBuffer(IReadOnlyList<TensorWriter> tensors, bool isWhole = false)
    {
        this.isWhole = isWhole;
        elements = new float[tensors.Select(LongestPart).DefaultIfEmpty().Max()];
    }

    /// <summary>All elements of a tensor, valid until the next is filled.</summary>
    public ReadOnlySpan<float> Fill(TensorWriter tensor) => tensor.Elements == 0 ? [] : Parts(tensor).Single();

    /// <summary>A tensor's elements, in whole rows, one part after the other; each is valid until the next is filled.</summary>
    public IEnumerable<ArraySegment<float>> Parts(TensorWriter tensor)
    {
        int length = LongestPart(tensor);
        for (int first = 0; first < tensor.Elements; first += length)
        {
            ArraySegment<float> part = new(elements, 0, Math.Min(length, tensor.Elements - first));
            part.AsSpan().Clear();
            if (tensor.FillFrom is { } fillFrom)
            {
                fillFrom(first, part);
            }
            else
            {
                tensor.Fill(part);
            }

            yield return part;
        }
    }

    private int LongestPart(TensorWriter tensor)
    {
        if (isWhole || tensor.FillFrom is null || tensor.Elements <= PartElements)
        {
            return tensor.Elements;
        }

        return Math.Max(PartElements / tensor.RowElements, 1) * tensor.RowElements;
    }
}
