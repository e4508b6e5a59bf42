using System.Collections.Immutable;

namespace SparseEngine.Checkpoints.PyTorch;

/// <summary>A tensor: a view of a storage.</summary>
/// <param name="Storage">Where its elements lie.</param>
/// <param name="Element">What they are.</param>
/// <param name="Offset">The storage's element that is its first.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Strides">The storage's elements from one index to the next, by dimension.</param>
internal sealed record TorchTensor(
    TorchStorage Storage, TorchElement Element, long Offset, ImmutableArray<int> Shape, ImmutableArray<long> Strides)
{
    // That of numpy, more than PyTorch's.
    private const int LargestRank = 64;

    /// <summary>The number of its elements.</summary>
    public long Elements => Shape.Contains(0) ? 0 : Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Where its first element lies in the file.</summary>
    public long Position => Storage.Position + (Offset * Element.Size);

    /// <summary>The storage's elements from its first to its last.</summary>
    public long Span => Elements == 0 ? 0 : 1 + Shape.Zip(Strides).Sum(dimension => (dimension.First - 1L) * dimension.Second);

    /// <summary>Whether its elements lie one behind the other, row-major.</summary>
    public bool IsContiguous
    {
        get
        {
            long next = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != next)
                {
                    return Elements == 0;
                }

                next *= Shape[i];
            }

            return true;
        }
    }

    /// <summary>Makes a tensor of what a pickle says, and checks that it lies in its storage.</summary>
    /// <exception cref="InvalidDataException">It does not, or is not described.</exception>
    public static TorchTensor Of(TorchStorage storage, TorchElement element, object? offset, object? size, object? stride)
    {
        if (offset is not long first || size is not PickleTuple shape || stride is not PickleTuple strides
            || shape.Items.Length != strides.Items.Length || shape.Items.Length > LargestRank
            || !shape.Items.All(item => item is long and >= 0 and <= int.MaxValue) || !strides.Items.All(item => item is long and >= 0) || first < 0)
        {
            throw new InvalidDataException(
                $"is damaged: a tensor in storage {storage.Key} has no shape, or sizes or strides that are negative or too large");
        }

        TorchTensor tensor = new(
            storage, element, first, [.. shape.Items.Select(item => (int)(long)item!)], [.. strides.Items.Select(item => (long)item!)]);
        Int128 room = storage.Bytes / element.Size;
        Int128 elements = 1;
        Int128 end = (Int128)first + 1;
        foreach ((int dimension, long step) in tensor.Shape.Zip(tensor.Strides))
        {
            // Each factor stays below 2^64, so that no product of two overflows.
            elements = dimension == 0 ? 0 : elements > long.MaxValue ? elements : elements * dimension;
            end += (Int128)Math.Max(0, dimension - 1) * step;
        }

        if (tensor.Shape.Contains(0))
        {
            return tensor;
        }

        string name = $"a tensor [{string.Join(", ", tensor.Shape)}]";
        return end > room
            ? throw new InvalidDataException($"is damaged: {name} ends at element {end} of storage {storage.Key}, which has {room}")
            : elements > room
            ? throw new InvalidDataException($"has {name} that repeats elements of storage {storage.Key}, which has {room}; save a contiguous copy")
            : tensor;
    }
}
