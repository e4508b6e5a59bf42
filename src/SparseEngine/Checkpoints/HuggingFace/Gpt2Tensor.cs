using System.Collections.Immutable;
using SparseEngine.Sparsity;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>A tensor of a Hugging Face GPT-2 and the parameters here that it is made of.</summary>
/// <remarks>
/// Its Conv1D layers compute x W + b with a weight [in, out], the transpose of a linear layer's [out, in]. The parts of c_attn, the
/// query, key and value projections, lie side by side along the outputs: weight [in, 3 out], bias [3 out].
/// </remarks>
/// <param name="Name">Its name, without the prefix that a file may have.</param>
/// <param name="Parts">The parameters, of one shape.</param>
/// <param name="Transposed">Whether it is the weight of a Conv1D layer.</param>
internal sealed record Gpt2Tensor(string Name, ImmutableArray<NamedShape> Parts, bool Transposed)
{
    /// <summary>Its dimensions.</summary>
    public ImmutableArray<int> Shape => Transposed ? [Inputs, Parts.Length * Outputs] : [Parts.Length * Outputs, .. Parts[0].Shape.Skip(1)];

    /// <summary>The number of its elements.</summary>
    public int Elements => Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    /// <summary>Whether it has the elements of one parameter in the same order.</summary>
    public bool IsCopy => Parts.Length == 1 && !Transposed;

    // Of one part; that of a table is a row for each token or position, that of a vector an element.
    private int Outputs => Parts[0].Shape[0];

    private int Inputs => Parts[0].Shape[1];

    /// <summary>Puts a part into its place.</summary>
    /// <param name="index">The number of the part.</param>
    /// <param name="part">The part's elements, row-major.</param>
    /// <param name="whole">The tensor's elements, row-major.</param>
    public void Join(int index, ReadOnlySpan<float> part, Span<float> whole)
    {
        if (!Transposed)
        {
            part.CopyTo(whole[(index * part.Length)..]);
            return;
        }

        for (int o = 0; o < Outputs; o++)
        {
            ReadOnlySpan<float> row = part.Slice(o * Inputs, Inputs);
            int column = (index * Outputs) + o;
            for (int i = 0; i < row.Length; i++)
            {
                whole[(i * Parts.Length * Outputs) + column] = row[i];
            }
        }
    }

    /// <summary>Takes a part from its place: the inverse of <see cref="Join"/>.</summary>
    public void Split(int index, ReadOnlySpan<float> whole, Span<float> part)
    {
        if (!Transposed)
        {
            whole.Slice(index * part.Length, part.Length).CopyTo(part);
            return;
        }

        for (int o = 0; o < Outputs; o++)
        {
            Span<float> row = part.Slice(o * Inputs, Inputs);
            int column = (index * Outputs) + o;
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = whole[(i * Parts.Length * Outputs) + column];
            }
        }
    }
}
