using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// A tile of a product's input in a group's shared memory: a chunk of its columns, [column, vector], and a column of zeros behind them, which is
/// what places that only fill a batch multiply with. A lane holds two vectors of tokens, side by side with those of the other lanes.
/// </summary>
internal readonly struct InputTile
{
    /// <summary>Vectors of tokens that a lane holds.</summary>
    public const int LaneVectors = 2;

    // From the own lane on.
    private readonly ArrayView<Float4> lane;

    // Group.DimX, which the CPU accelerator takes long to look up.
    private readonly int lanes;

    private InputTile(ArrayView<Float4> data)
    {
        lane = data.SubView(Group.IdxX);
        lanes = Group.DimX;
    }

    /// <summary>Vectors of tokens of a tile.</summary>
    public static int Vectors => LaneVectors * Group.DimX;

    /// <summary>Takes the shared memory; the group's next barrier makes the zeros visible.</summary>
    public static InputTile Allocate()
    {
        InputTile tile = new(SharedMemory.Allocate<Float4>((GpuFiringOrder.ChunkColumns + 1) * LaneVectors * GroupShapes.GpuLanes));
        if (Group.IdxY == 0)
        {
            tile.Store(GpuFiringOrder.ChunkColumns, default, default);
        }

        return tile;
    }

    /// <summary>The own lane's tokens of a column, which is given by its place.</summary>
    public TokenVectors this[int place] => new(lane[place], lane[place + lanes]);

    /// <summary>Loads a chunk of rows of <paramref name="x"/>; tokens beyond the last become zeros.</summary>
    public void Load(VectorMatrix x, int firstRow, int rows, int firstVector, int tokens)
    {
        for (int row = Group.IdxY; row < rows; row += Group.DimY)
        {
            TokenVectors values = TokenVectors.Load(x, firstRow + row, firstVector, tokens);
            Store(row, values.Lower, values.Upper);
        }
    }

    private void Store(int column, Float4 lower, Float4 upper)
    {
        int place = column * LaneVectors * lanes;
        lane[place] = lower;
        lane[place + lanes] = upper;
    }
}

/// <summary>A lane's tokens of one feature.</summary>
internal readonly struct TokenVectors(Float4 lower, Float4 upper)
{
    public readonly Float4 Lower = lower, Upper = upper;

    /// <summary>The sum of the products token by token.</summary>
    public static float Dot(TokenVectors a, TokenVectors b) => ((a.Lower * b.Lower) + (a.Upper * b.Upper)).Sum;

    /// <summary>The own lane's tokens of a row of a matrix, zeros beyond the last token.</summary>
    public static TokenVectors Load(VectorMatrix x, int row, int firstVector, int tokens)
    {
        int lower = firstVector + Group.IdxX;
        int upper = lower + Group.DimX;
        return new TokenVectors(LoadVector(x, row, lower, tokens), LoadVector(x, row, upper, tokens));
    }

    public static TokenVectors operator +(TokenVectors a, TokenVectors b) => new(a.Lower + b.Lower, a.Upper + b.Upper);

    public static TokenVectors operator *(float a, TokenVectors b) => new(a * b.Lower, a * b.Upper);

    private static Float4 LoadVector(VectorMatrix x, int row, int vector, int tokens)
    {
        int left = tokens - (vector * Float4.Width);
        return left >= Float4.Width ? x[row, vector] : left > 0 ? Float4.Keep(x[row, vector], left) : default;
    }
}
