namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>Puts a tensor's elements, which lie apart in its storage, one behind the other.</summary>
internal static class StridedElements
{
    // A transposed tensor lies among no elements but its own. Of one that is cut out of a larger one, this many others are read with it.
    private const int MostBetween = 4;

    // Read with it in any case.
    private const int SmallSpan = 1 << 16;

    /// <summary>Reads elements from the tensor's first on.</summary>
    /// <param name="start">The first to read, counted in the storage from the tensor's own first.</param>
    /// <param name="destination">Where they go.</param>
    public delegate void RunReader(long start, Span<float> destination);

    /// <summary>Reads a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="read">Reads elements that lie one behind the other.</param>
    /// <param name="destination">Its elements, row-major.</param>
    public static void Read(TorchTensor tensor, RunReader read, Span<float> destination)
    {
        if (tensor.IsContiguous)
        {
            read(0, destination);
        }
        else if (tensor.Span <= Math.Max(SmallSpan, Math.Min(MostBetween * tensor.Elements, Array.MaxLength)))
        {
            float[] span = new float[tensor.Span];
            read(0, span);
            Walk(tensor, (start, run, step) =>
            {
                for (int i = 0; i < run.Length; i++)
                {
                    run[i] = span[start + (i * step)];
                }
            }, destination);
        }
        else
        {
            Walk(tensor, (start, run, step) =>
            {
                for (int i = 0; i < run.Length; i += step == 1 ? run.Length : 1)
                {
                    read(start + (i * step), step == 1 ? run : run.Slice(i, 1));
                }
            }, destination);
        }
    }

    private delegate void RowReader(long start, Span<float> row, long step);

    /// <summary>Calls for each row of the last dimension.</summary>
    private static void Walk(TorchTensor tensor, RowReader read, Span<float> destination)
    {
        int rank = tensor.Shape.Length;
        int row = tensor.Shape[^1];
        long[] index = new long[rank];
        for (int done = 0; done < destination.Length; done += row)
        {
            long start = 0;
            for (int i = 0; i < rank - 1; i++)
            {
                start += index[i] * tensor.Strides[i];
            }

            read(start, destination.Slice(done, row), tensor.Strides[^1]);
            for (int i = rank - 2; i >= 0 && ++index[i] == tensor.Shape[i]; i--)
            {
                index[i] = 0;
            }
        }
    }
}
