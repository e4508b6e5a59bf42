using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// A tile of a product's input in a group's shared memory, as <see cref="InputTile"/> is one, with two vectors of every column for each lane: of what
/// a thread fetches, values serve twice as many tokens, and there is room for half as many columns.
/// </summary>
internal readonly struct WideTile
{
    /// <summary>Vectors of a lane.</summary>
    public const int LaneVectors = 2;

    /// <summary>From one column to the next: where a column of zeros lies, and behind it a chunk's columns.</summary>
    public const int Stride = LaneVectors * InputTile.Stride;

    // From the own lane on.
    private readonly ArrayView<Float4> lane;

    private WideTile(ArrayView<Float4> data) => lane = data.SubView(Group.IdxX);

    /// <summary>Takes the shared memory; the group's next barrier makes the zeros visible.</summary>
    public static WideTile Allocate<TMemory>()
        where TMemory : struct, ITileMemory
    {
        WideTile tile = new(default(TMemory).Take());
        if (Group.IdxY == 0)
        {
            tile.Store(0, default);
        }

        return tile;
    }

    /// <summary>The own lane's tokens of the column at a place, a multiple of <see cref="Stride"/>.</summary>
    public Float8 At(int place) => At(lane.SubView(place), 0);

    /// <summary>The own lane's tokens of the four columns from a place on.</summary>
    public Quad8 QuadAt(int place)
    {
        ArrayView<Float4> first = lane.SubView(place);
        return new Quad8(At(first, 0), At(first, 1), At(first, 2), At(first, 3));
    }

    /// <summary>
    /// <see cref="Load"/> with four rows on their way at a time, for kernels whose threads have the registers: where groups are small, nothing else
    /// hides how long that takes.
    /// </summary>
    public void LoadFour(VectorMatrix x, int firstRow, int rows, int vector, int tokens)
    {
        int row = Group.IdxY;
        int step = Group.DimY;
        int second = vector + Group.DimX;
        if ((second * Float4.Width) + Float4.Width <= tokens)
        {
            for (; row + (3 * step) < rows; row += 4 * step)
            {
                int from = firstRow + row;
                Float8 row0 = new(x[from, vector], x[from, second]);
                Float8 row1 = new(x[from + step, vector], x[from + step, second]);
                Float8 row2 = new(x[from + (2 * step), vector], x[from + (2 * step), second]);
                Float8 row3 = new(x[from + (3 * step), vector], x[from + (3 * step), second]);
                Store((row + 1) * Stride, row0);
                Store((row + step + 1) * Stride, row1);
                Store((row + (2 * step) + 1) * Stride, row2);
                Store((row + (3 * step) + 1) * Stride, row3);
            }
        }

        LoadFrom(row, x, firstRow, rows, vector, tokens);
    }

    /// <summary>Loads a chunk of rows of <paramref name="x"/>; tokens beyond the last become zeros.</summary>
    /// <param name="x">The input.</param>
    /// <param name="firstRow">The chunk's first row.</param>
    /// <param name="rows">The chunk's rows.</param>
    /// <param name="vector">The lane's first vector; its second is a group's width further.</param>
    /// <param name="tokens">Tokens of the input.</param>
    public void Load(VectorMatrix x, int firstRow, int rows, int vector, int tokens) => LoadFrom(Group.IdxY, x, firstRow, rows, vector, tokens);

    private void LoadFrom(int row, VectorMatrix x, int firstRow, int rows, int vector, int tokens)
    {
        int step = Group.DimY;
        if (((vector + Group.DimX) * Float4.Width) + Float4.Width <= tokens)
        {
            // Two rows are on their way at a time.
            for (; row + step < rows; row += 2 * step)
            {
                Float8 first = new(x[firstRow + row, vector], x[firstRow + row, vector + Group.DimX]);
                Float8 second = new(x[firstRow + row + step, vector], x[firstRow + row + step, vector + Group.DimX]);
                Store((row + 1) * Stride, first);
                Store((row + step + 1) * Stride, second);
            }
        }

        for (; row < rows; row += step)
        {
            Store(
                (row + 1) * Stride,
                new Float8(x.Tokens(firstRow + row, vector, tokens), x.Tokens(firstRow + row, vector + Group.DimX, tokens)));
        }
    }

    // Constants behind an address are a part of the instruction.
    private static Float8 At(ArrayView<Float4> from, int column) => new(from[column * Stride], from[(column * Stride) + InputTile.Stride]);

    private void Store(int place, Float8 value)
    {
        lane[place] = value.Low;
        lane[place + InputTile.Stride] = value.High;
    }
}
