using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>What attention's kernels share: one head of one sequence, seen in blocks of 4 x 4 tokens.</summary>
/// <remarks>
/// A thread's lane (IdxX) picks one vector of tokens, its row (IdxY) another; together they own a block of scores. Those of
/// tokens outside the sequence are masked.
/// </remarks>
internal readonly struct AttentionTile(AttentionShape shape, int head, float slope)
{
    /// <summary>Below every score, and e to its distance from any of them is 0.</summary>
    public const float Masked = -3e38f;

    /// <summary>Features that a thread accumulates at a time.</summary>
    public const int ThreadFeatures = 4;

    public readonly AttentionShape Shape = shape;

    /// <summary>What the head's scores fall by for each token between query and key.</summary>
    public readonly float Slope = slope;

    private readonly int head = head;

    /// <summary>The head's first row in q and the output.</summary>
    public int FirstRow => head * Shape.HeadSize;

    /// <summary>Its key head's first row in k and v.</summary>
    public int FirstKeyRow => head / Shape.GroupSize * Shape.HeadSize;

    /// <summary>Whether the query at one place comes after the key at the other, or with it.</summary>
    public bool Sees(int query, int key) => key >= 0 && key <= query && query < Shape.Sequence;

    /// <summary>Where logSumExp and the like [heads, tokens] hold the token at this place.</summary>
    public int StatisticOf(int index) => (head * Shape.BatchTokens) + Shape.ColumnOf(index);

    /// <summary>
    /// What logSumExp and the like hold for four tokens from a place on; for those outside the sequence, what they hold for its ends.
    /// </summary>
    public Float4 Statistics(ArrayView<float> values, int index)
    {
        int first = StatisticOf(0);
        return new Float4(
            values[first + Shape.Clamped(index)], values[first + Shape.Clamped(index + 1)], values[first + Shape.Clamped(index + 2)],
            values[first + Shape.Clamped(index + 3)]);
    }

    /// <summary>The dropout factors of a query and four keys from <paramref name="key"/> on.</summary>
    public Float4 Dropout(int query, int key)
    {
        ulong sequence = (ulong)Shape.Sequence;
        ulong row = ((ulong)(((long)(Shape.FirstSequence + Grid.IdxZ) * Shape.Heads) + head) * sequence) + (ulong)query;
        return Shape.Dropout.At((row * sequence) + (ulong)key);
    }

    /// <summary>
    /// For four tokens of <paramref name="rows"/> and four of <paramref name="lanes"/>: the sums over the head's features of their products.
    /// </summary>
    /// <param name="lanes">What the lanes' tokens carry.</param>
    /// <param name="laneRow">Its first row.</param>
    /// <param name="laneVector">The lanes' vector.</param>
    /// <param name="rows">What the rows' tokens carry.</param>
    /// <param name="rowRow">Its first row.</param>
    /// <param name="rowVector">The rows' vector.</param>
    public Block4 Products(VectorMatrix lanes, int laneRow, int laneVector, VectorMatrix rows, int rowRow, int rowVector)
    {
        int end = Shape.EndVector;
        int lane = lanes.Place(laneRow, laneVector < end ? laneVector : end - 1);
        int row = rows.Place(rowRow, rowVector < end ? rowVector : end - 1);
        Block4 block = default;
        int left = Shape.HeadSize;
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
