using ILGPU;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The tiles of both inputs that a group of a sampled product keeps in shared memory: rows of vectors of tokens.</summary>
internal static class SampleTile
{
    /// <summary>Vectors of tokens of a tile: as many as threads that read 16 bytes of shared memory at once.</summary>
    public const int Vectors = 1 << VectorBits;

    // Shifted by, as ILGPU divides by a constant as by any number.
    private const int VectorBits = 3;

    /// <summary>The tiles that so many tokens take.</summary>
    public static int Count(int tokens) => ((tokens + Float4.Width - 1) / Float4.Width + Vectors - 1) / Vectors;

    /// <summary>The first tile of a part of the grid's, which are its groups along y, at most <see cref="GpuDevice.MaxSplits"/>.</summary>
    /// <remarks>In 32 bits, which hold the product: ILGPU divides in each round of the tiles' loop, and GPUs call a function for 64.</remarks>
    public static int First(int tiles, int part) => (int)((uint)(tiles * part) / (uint)Grid.DimY);

    /// <summary>Columns of the chunk that begins with this one.</summary>
    public static int Width(int columns, int firstColumn)
    {
        int left = columns - firstColumn;
        return left < GpuSamples.ChunkColumns ? left : GpuSamples.ChunkColumns;
    }

    /// <summary>Where a tile has the first vector of a column, of four whose places in the chunk are one word.</summary>
    public static int Place(int places, int number) =>
        (int)(((uint)places >> (number * GpuSamples.PlaceBits)) & ((1 << GpuSamples.PlaceBits) - 1)) * Vectors;

    /// <summary>Loads a tile [row, vector]; tokens beyond the last become zeros.</summary>
    public static void Load(VectorMatrix source, int tokens, int firstRow, int rows, int firstVector, ArrayView<Float4> tile)
    {
        int i = Group.IdxX;
        int vector = firstVector + (i & (Vectors - 1));
        if ((Group.DimX & (Vectors - 1)) == 0 && tokens - (firstVector * Float4.Width) >= Vectors * Float4.Width)
        {
            // Four vectors are on their way at a time; a thread's all lie in one column of vectors.
            int step = Group.DimX >> VectorBits;
            int row = i >> VectorBits;
            for (; row < rows; row += 4 * step)
            {
                Float4 first = source[firstRow + row, vector];
                Float4 second = row + step < rows ? source[firstRow + row + step, vector] : default;
                Float4 third = row + (2 * step) < rows ? source[firstRow + row + (2 * step), vector] : default;
                Float4 fourth = row + (3 * step) < rows ? source[firstRow + row + (3 * step), vector] : default;
                tile[i] = first;
                if (row + step < rows)
                {
                    tile[i + Group.DimX] = second;
                }

                if (row + (2 * step) < rows)
                {
                    tile[i + (2 * Group.DimX)] = third;
                }

                if (row + (3 * step) < rows)
                {
                    tile[i + (3 * Group.DimX)] = fourth;
                }

                i += 4 * Group.DimX;
            }
        }

        for (; i < rows * Vectors; i += Group.DimX)
        {
            tile[i] = source.Tokens(firstRow + (i >> VectorBits), firstVector + (i & (Vectors - 1)), tokens);
        }
    }

    /// <summary>The sum and the products of two vectors' tokens.</summary>
    public static float Dot(Float4 a, Float4 b, float sum) => sum + (a.X * b.X) + (a.Y * b.Y) + (a.Z * b.Z) + (a.W * b.W);
}
