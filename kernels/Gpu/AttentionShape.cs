using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>What attention's kernels are told of the batch: one sequence of it for each Grid.IdxZ, seen in vectors of 4 tokens.</summary>
/// <remarks>Vectors are aligned in the batch, so that a sequence's first and last one may reach into its neighbours.</remarks>
internal readonly struct AttentionShape
{
    private readonly int useDropout, isAligned, useSlopes;
    private readonly ArrayView<float> slopes;

    /// <param name="arguments">The attention.</param>
    /// <param name="hasSlopes">Whether scores fall with the distance.</param>
    /// <param name="slopes">By how much, for each head; any memory where they do not.</param>
    public AttentionShape(in AttentionArguments arguments, bool hasSlopes, ArrayView<float> slopes)
    {
        this.slopes = slopes;
        useSlopes = hasSlopes ? 1 : 0;
        Sequence = arguments.Sequence;
        FirstSequence = arguments.FirstSequence;
        BatchTokens = arguments.Batch * arguments.Sequence;
        Heads = arguments.Heads;
        GroupSize = arguments.GroupSize;
        HeadSize = arguments.HeadSize;
        Scale = arguments.Scale;
        Window = Math.Min(arguments.Window, arguments.Sequence);
        Dropout = new DropoutFactors(arguments.Dropout, arguments.DropoutRate);
        isAligned = arguments.Sequence % Float4.Width == 0 ? 1 : 0;
        useDropout = arguments.DropoutRate > 0 ? 1 : 0;
    }

    public readonly int Sequence, BatchTokens, Heads, HeadSize;

    /// <summary>Query heads that read the same key head.</summary>
    public readonly int GroupSize;

    /// <summary>The number of keys that a query sees, at most the sequence's.</summary>
    public readonly int Window;

    /// <summary>The place of the first sequence in the whole batch, for dropout.</summary>
    public readonly int FirstSequence;

    public readonly float Scale;

    public readonly DropoutFactors Dropout;

    public bool HasDropout => useDropout != 0;

    /// <summary>Whether no vector reaches out of a sequence.</summary>
    public bool IsAligned => isAligned != 0;

    /// <summary>The vector that holds the sequence's first token.</summary>
    public int FirstVector => FirstToken / Float4.Width;

    /// <summary>One past the vector that holds the sequence's last token.</summary>
    public int EndVector => EndVectorOf(Sequence);

    public int FirstToken => Grid.IdxZ * Sequence;

    /// <summary>The most vectors that a sequence touches.</summary>
    public static int MostVectors(int sequence) => (sequence + (2 * (Float4.Width - 1))) / Float4.Width;

    /// <summary>What a head's scores fall by for each token between query and key.</summary>
    public float SlopeOf(int head) => useSlopes != 0 ? slopes[head] : 0f;

    /// <summary>The vector that holds the token at a place in the sequence.</summary>
    public int VectorOf(int index) => (FirstToken + index) / Float4.Width;

    /// <summary>One past the vectors that hold the sequence's tokens before a place.</summary>
    public int EndVectorOf(int index) => (FirstToken + index + Float4.Width - 1) / Float4.Width;

    /// <summary>The place in its sequence of a vector's first token; not within it where the vector reaches out.</summary>
    public int IndexOf(int vector) => (vector * Float4.Width) - FirstToken;

    /// <summary>Whether the token at this place is one of the sequence's.</summary>
    public bool Contains(int index) => index >= 0 && index < Sequence;

    /// <summary>The token's column in the batch.</summary>
    public int ColumnOf(int index) => FirstToken + index;

    /// <summary>A vector of a row, 0 outside the sequence, where there may be other numbers or none.</summary>
    public Float4 Within(Float4 value, int vector)
    {
        int first = IndexOf(vector);
        return first >= 0 && first + Float4.Width <= Sequence
            ? value
            : new Float4(
                Contains(first) ? value.X : 0, Contains(first + 1) ? value.Y : 0, Contains(first + 2) ? value.Z : 0,
                Contains(first + 3) ? value.W : 0);
    }

    /// <summary>The place itself, or the sequence's end that is next to it.</summary>
    public int Clamped(int index) => index < 0 ? 0 : index < Sequence ? index : Sequence - 1;
}
