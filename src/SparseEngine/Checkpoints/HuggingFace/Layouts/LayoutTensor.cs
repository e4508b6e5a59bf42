using System.Collections.Immutable;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>A tensor of a Hugging Face model and the parameters here that it is made of.</summary>
/// <param name="Name">Its name, without the prefix that a file may have.</param>
/// <param name="Parts">The parameters, whose rows are of one length.</param>
/// <param name="Order">The order of their rows.</param>
/// <param name="Transposed">Whether it is the weight of a Conv1D layer, x W + b: [in, out], the transpose of a linear layer's.</param>
internal sealed record LayoutTensor(string Name, ImmutableArray<NamedShape> Parts, RowOrder Order, bool Transposed = false)
{
    /// <summary>Its dimensions.</summary>
    public ImmutableArray<int> Shape => Transposed ? [Columns, Rows] : [Rows, .. Parts[0].Shape.Skip(1)];

    /// <summary>The number of its elements.</summary>
    public int Elements => checked(Rows * Columns);

    /// <summary>Whether it has the elements of one parameter in the same order.</summary>
    public bool IsCopy => Parts.Length == 1 && !Transposed && Order == RowOrder.Joined;

    // What a config.json claims may overflow: then it is no shape that a file has.
    private int Rows => Parts.Aggregate(0, (sum, part) => unchecked(sum + part.Shape[0]));

    private int Columns => Parts[0].Shape.Skip(1).Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Puts a part into its places.</summary>
    /// <param name="index">The number of the part.</param>
    /// <param name="part">The part's elements, row-major.</param>
    /// <param name="whole">The tensor's elements, row-major.</param>
    public void Join(int index, ReadOnlySpan<float> part, Span<float> whole)
    {
        int columns = Columns;
        int rows = Rows;
        foreach ((int row, int place) in Order.Of(index, Parts))
        {
            ReadOnlySpan<float> from = part.Slice(row * columns, columns);
            if (!Transposed)
            {
                from.CopyTo(whole[(place * columns)..]);
                continue;
            }

            for (int column = 0; column < columns; column++)
            {
                whole[(column * rows) + place] = from[column];
            }
        }
    }

    /// <summary>Takes a part from its places: the inverse of <see cref="Join"/>.</summary>
    public void Split(int index, ReadOnlySpan<float> whole, Span<float> part)
    {
        int columns = Columns;
        int rows = Rows;
        foreach ((int row, int place) in Order.Of(index, Parts))
        {
            Span<float> to = part.Slice(row * columns, columns);
            if (!Transposed)
            {
                whole.Slice(place * columns, columns).CopyTo(to);
                continue;
            }

            for (int column = 0; column < columns; column++)
            {
                to[column] = whole[(column * rows) + place];
            }
        }
    }
}
