using ILGPU;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// What attention's kernels share: one head of one sequence for each Grid.IdxY, seen in blocks of 4 x 4 tokens.
/// </summary>
/// <remarks>
/// A thread's lane (IdxX) picks one vector of tokens, its row (IdxY) another; together they own a block of scores. Vectors
/// are aligned in the batch, so that a sequence's first and last one may reach into its neighbours; those scores are masked.
/// </remarks>
internal readonly struct AttentionTile
{
    /// <summary>Below every score, and e to its distance from any of them is 0.</summary>
    public const float Masked = -3e38f;

    /// <summary>Features that a thread accumulates at a time.</summary>
    public const int ThreadFeatures = 4;

    private readonly int batchTokens, sequence, heads, useDropout;
    private readonly DropoutFactors dropout;

    public AttentionTile(in AttentionArguments arguments)
    {
        sequence = arguments.Sequence;
        heads = arguments.Heads;
        batchTokens = arguments.Batch * arguments.Sequence;
        HeadSize = arguments.HeadSize;
        Scale = arguments.Scale;
        useDropout = arguments.DropoutRate > 0 ? 1 : 0;
        dropout = new DropoutFactors(arguments.Dropout, arguments.DropoutRate);
    }

    public readonly int HeadSize;

    public readonly float Scale;

    public bool HasDropout => useDropout != 0;

    /// <summary>The head's first row in q, k, v and the output.</summary>
    public int FirstRow => Grid.IdxY % heads * HeadSize;

    /// <summary>The vector that holds the sequence's first token.</summary>
    public int FirstVector => FirstToken / Float4.Width;

    /// <summary>One past the vector that holds the sequence's last token.</summary>
    public int EndVector => (FirstToken + sequence + Float4.Width - 1) / Float4.Width;

    private int FirstToken => Grid.IdxY / heads * sequence;

    /// <summary>The most vectors that a sequence touches.</summary>
    public static int MostVectors(int sequence) => (sequence + (2 * (Float4.Width - 1))) / Float4.Width;

    /// <summary>The place in its sequence of a vector's first token; not within it where the vector reaches out.</summary>
    public int IndexOf(int vector) => (vector * Float4.Width) - FirstToken;

    /// <summary>Whether the token at this place is one of the sequence's.</summary>
    public bool Contains(int index) => index >= 0 && index < sequence;

    /// <summary>Whether the query at one place looks at the key at the other.</summary>
    public bool Sees(int query, int key) => key >= 0 && key <= query && query < sequence;

    /// <summary>Where logSumExp and the like [heads, tokens] hold the token at this place.</summary>
    public int StatisticOf(int index) => (Grid.IdxY % heads * batchTokens) + FirstToken + index;

    /// <summary>The token's column in the batch.</summary>
    public int ColumnOf(int index) => FirstToken + index;

    /// <summary>A vector of a row, 0 outside the sequence, where there may be other numbers or none.</summary>
    public Float4 Within(Float4 value, int vector)
    {
        int first = IndexOf(vector);
        return first >= 0 && first + Float4.Width <= sequence
            ? value
            : new Float4(
                Contains(first) ? value.X : 0, Contains(first + 1) ? value.Y : 0, Contains(first + 2) ? value.Z : 0,
                Contains(first + 3) ? value.W : 0);
    }

    /// <summary>The dropout factors of a query and four keys from <paramref name="key"/> on.</summary>
    public Float4 Dropout(int query, int key)
    {
        ulong row = ((ulong)Grid.IdxY * (ulong)sequence) + (ulong)query;
        return dropout.At((row * (ulong)sequence) + (ulong)key);
    }

    /// <summary>
    /// For four tokens of <paramref name="rows"/> and four of <paramref name="lanes"/>: the sums over the head's features of their products.
    /// </summary>
    public Block4 Products(VectorMatrix lanes, int laneVector, VectorMatrix rows, int rowVector)
    {
        int lane = laneVector < EndVector ? laneVector : EndVector - 1;
        int row = rowVector < EndVector ? rowVector : EndVector - 1;
        Block4 block = default;
        for (int f = FirstRow; f < FirstRow + HeadSize; f++)
        {
            Float4 a = lanes[f, lane];
            Float4 b = rows[f, row];
            block = new Block4(block.Row0 + (b.X * a), block.Row1 + (b.Y * a), block.Row2 + (b.Z * a), block.Row3 + (b.W * a));
        }

        return block;
    }
}

/// <summary>4 x 4 numbers: a row for each token of one vector, a lane for each of another.</summary>
internal readonly struct Block4(Float4 row0, Float4 row1, Float4 row2, Float4 row3)
{
    public readonly Float4 Row0 = row0, Row1 = row1, Row2 = row2, Row3 = row3;

    public Block4 Transposed => new(
        new Float4(Row0.X, Row1.X, Row2.X, Row3.X), new Float4(Row0.Y, Row1.Y, Row2.Y, Row3.Y),
        new Float4(Row0.Z, Row1.Z, Row2.Z, Row3.Z), new Float4(Row0.W, Row1.W, Row2.W, Row3.W));

    public static Block4 operator *(Block4 a, Block4 b) => new(a.Row0 * b.Row0, a.Row1 * b.Row1, a.Row2 * b.Row2, a.Row3 * b.Row3);

    /// <summary>Stores the thread's rows in the group's tile [rows, lanes].</summary>
    public void Store(ArrayView<Float4> tile)
    {
        int lanes = Group.DimX;
        int at = (Group.IdxY * Float4.Width * lanes) + Group.IdxX;
        tile[at] = Row0;
        tile[at + lanes] = Row1;
        tile[at + (2 * lanes)] = Row2;
        tile[at + (3 * lanes)] = Row3;
    }
}
