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

    private readonly int batchTokens, sequence, heads, useDropout, isAligned;
    private readonly DropoutFactors dropout;

    public AttentionTile(in AttentionArguments arguments)
    {
        sequence = arguments.Sequence;
        heads = arguments.Heads;
        batchTokens = arguments.Batch * arguments.Sequence;
        HeadSize = arguments.HeadSize;
        Scale = arguments.Scale;
        isAligned = arguments.Sequence % Float4.Width == 0 ? 1 : 0;
        useDropout = arguments.DropoutRate > 0 ? 1 : 0;
        dropout = new DropoutFactors(arguments.Dropout, arguments.DropoutRate);
    }

    public readonly int HeadSize;

    public readonly float Scale;

    public bool HasDropout => useDropout != 0;

    /// <summary>Whether no vector reaches out of a sequence.</summary>
    public bool IsAligned => isAligned != 0;

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

    /// <summary>
    /// What logSumExp and the like hold for four tokens from a place on; for those outside the sequence, what they hold for its ends.
    /// </summary>
    public Float4 Statistics(ArrayView<float> values, int index)
    {
        int first = StatisticOf(0);
        return new Float4(
            values[first + Clamped(index)], values[first + Clamped(index + 1)], values[first + Clamped(index + 2)],
            values[first + Clamped(index + 3)]);
    }

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
        int lane = lanes.Place(FirstRow, laneVector < EndVector ? laneVector : EndVector - 1);
        int row = rows.Place(FirstRow, rowVector < EndVector ? rowVector : EndVector - 1);
        Block4 block = default;
        int left = HeadSize;
        for (; left > 1; left -= 2)
        {
            // Two features are on their way at a time.
            Float4 a = lanes.At(lane);
            Float4 b = rows.At(row);
            Float4 nextA = lanes.At(lane + lanes.Stride);
            Float4 nextB = rows.At(row + rows.Stride);
            block = block.Plus(a, b).Plus(nextA, nextB);
            lane += 2 * lanes.Stride;
            row += 2 * rows.Stride;
        }

        return left > 0 ? block.Plus(lanes.At(lane), rows.At(row)) : block;
    }

    private int Clamped(int index) => index < 0 ? 0 : index < sequence ? index : sequence - 1;
}

/// <summary>4 x 4 numbers: a row for each token of one vector, a lane for each of another.</summary>
internal readonly struct Block4(Float4 row0, Float4 row1, Float4 row2, Float4 row3)
{
    public readonly Float4 Row0 = row0, Row1 = row1, Row2 = row2, Row3 = row3;

    public Block4 Transposed => new(
        new Float4(Row0.X, Row1.X, Row2.X, Row3.X), new Float4(Row0.Y, Row1.Y, Row2.Y, Row3.Y),
        new Float4(Row0.Z, Row1.Z, Row2.Z, Row3.Z), new Float4(Row0.W, Row1.W, Row2.W, Row3.W));

    /// <summary>Adds the products of four numbers, one for each lane, with four others, one for each row.</summary>
    public Block4 Plus(Float4 lanes, Float4 rows) =>
        new(Row0 + (rows.X * lanes), Row1 + (rows.Y * lanes), Row2 + (rows.Z * lanes), Row3 + (rows.W * lanes));

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
