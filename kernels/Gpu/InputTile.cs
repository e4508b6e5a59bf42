using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>
/// A tile of a product's input in a group's shared memory: a chunk of its columns, [column, vector], and a column of zeros behind them, which is
/// what places that only fill a batch multiply with. Each lane has one vector of tokens of every column.
/// </summary>
internal readonly struct InputTile
{
    // From one column to the next, whether the group has so many lanes or, as on the CPU accelerator, fewer: a constant is a shift.
    private const int Stride = GroupShapes.GpuTeamLanes;

    // From the own lane on.
    private readonly ArrayView<Float4> lane;

    private InputTile(ArrayView<Float4> data) => lane = data.SubView(Group.IdxX);

    /// <summary>Takes the shared memory; the group's next barrier makes the zeros visible.</summary>
    public static InputTile Allocate()
    {
        InputTile tile = new(SharedMemory.Allocate<Float4>((GpuFiringOrder.ChunkColumns + 1) * Stride));
        if (Group.IdxY == 0)
        {
            tile.lane[GpuFiringOrder.ChunkColumns * Stride] = default;
        }

        return tile;
    }

    /// <summary>The own lane's tokens of a column of the chunk.</summary>
    public Float4 this[int column] => lane[column * Stride];

    /// <summary>Loads a chunk of rows of <paramref name="x"/>; tokens beyond the last become zeros.</summary>
    public void Load(VectorMatrix x, int firstRow, int rows, int vector, int tokens)
    {
        int row = Group.IdxY;
        int step = Group.DimY;
        if ((vector * Float4.Width) + Float4.Width <= tokens)
        {
            // Two rows are on their way at a time.
            for (; row + step < rows; row += 2 * step)
            {
                Float4 first = x[firstRow + row, vector];
                Float4 second = x[firstRow + row + step, vector];
                lane[row * Stride] = first;
                lane[(row + step) * Stride] = second;
            }
        }

        for (; row < rows; row += step)
        {
            lane[row * Stride] = x.Tokens(firstRow + row, vector, tokens);
        }
    }
}
