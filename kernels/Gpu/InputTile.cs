using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// A tile of a product's input in a group's shared memory, [place, vector]: a column of zeros, which is what places that only fill a batch multiply
/// with, and behind it a chunk of the input's columns. Each lane has one vector of tokens of every column.
/// </summary>
internal readonly struct InputTile
{
    /// <summary>Columns of a tile in static shared memory. With the column of zeros they are 96, times 128 tokens of 4 bytes: 48 KiB.</summary>
    public const int StaticColumns = 95;

    /// <summary>The place of the column of zeros; a chunk's columns have those from the next on.</summary>
    public const int Zeros = 0;

    /// <summary>From one column to the next, whether the group has so many lanes or, as on the CPU accelerator, fewer.</summary>
    /// <remarks>A constant is a shift.</remarks>
    public const int Stride = GroupShapes.GpuTeamLanes;
    private const int ColumnBytes = Stride * Float4.Width * sizeof(float);

    // A column for each team to load.
    private const int TeamColumns = GroupShapes.MostTeams;

    // What places have bits for, the one of zeros among them.
    private const int MostColumns = (1 << GpuFiringOrder.PlaceBits) - 1;

    // Fewer are not worth a group that is alone on its multiprocessor.
    private const int FewestLargeColumns = 256;

    // CUDA keeps so much of a multiprocessor's shared memory for each group.
    private const int ReservedBytes = 1 << 10;

    // From the own lane on.
    private readonly ArrayView<Float4> lane;

    private InputTile(ArrayView<Float4> data) => lane = data.SubView(Group.IdxX);

    /// <summary>Columns of a tile in the memory of one of so many, where each lane has several vectors of each.</summary>
    public static int Columns(int columns, int laneVectors) => ((columns + 1) / laneVectors) - 1;

    /// <summary>Elements of a tile of so many columns.</summary>
    public static int Elements(int columns) => (columns + 1) * Stride;

    /// <summary>
    /// The columns of a tile where dynamic shared memory is to be had: as many as a multiprocessor has room for, as many for each team to load. Where
    /// these are few, two groups with static memory do better.
    /// </summary>
    /// <param name="multiprocessorBytes">Shared memory of a multiprocessor.</param>
    /// <param name="groupBytes">The most that a group may have of it.</param>
    public static int ColumnsFor(int multiprocessorBytes, int groupBytes)
    {
        int bytes = Math.Min((multiprocessorBytes / DynamicTileMemory.GroupsPerMultiprocessor) - ReservedBytes, groupBytes);
        int columns = Math.Min((bytes / ColumnBytes) - 1, MostColumns);
        columns -= columns % TeamColumns;
        return columns < FewestLargeColumns ? StaticColumns : columns;
    }

    /// <summary>Takes the shared memory; the group's next barrier makes the zeros visible.</summary>
    public static InputTile Allocate<TMemory>()
        where TMemory : struct, ITileMemory
    {
        InputTile tile = new(default(TMemory).Take());
        if (Group.IdxY == 0)
        {
            tile.lane[Zeros * Stride] = default;
        }

        return tile;
    }

    /// <summary>The own lane's tokens of the column at a place.</summary>
    public Float4 this[int place] => lane[place * Stride];

    /// <summary>Loads a chunk of rows of <paramref name="x"/>; tokens beyond the last become zeros.</summary>
    public void Load(VectorMatrix x, int firstRow, int rows, int vector, int tokens)
    {
        int row = Group.IdxY;
        int step = Group.DimY;
        if ((vector * Float4.Width) + Float4.Width <= tokens)
        {
            // As many rows are on their way at a time as a thread has registers for beside its sums.
            for (; row + (2 * step) < rows; row += 3 * step)
            {
                Float4 first = x[firstRow + row, vector];
                Float4 second = x[firstRow + row + step, vector];
                Float4 third = x[firstRow + row + (2 * step), vector];
                lane[(row + 1) * Stride] = first;
                lane[(row + step + 1) * Stride] = second;
                lane[(row + (2 * step) + 1) * Stride] = third;
            }

            if (row + step < rows)
            {
                Float4 first = x[firstRow + row, vector];
                Float4 second = x[firstRow + row + step, vector];
                lane[(row + 1) * Stride] = first;
                lane[(row + step + 1) * Stride] = second;
                row += 2 * step;
            }
        }

        for (; row < rows; row += step)
        {
            lane[(row + 1) * Stride] = x.Tokens(firstRow + row, vector, tokens);
        }
    }
}
