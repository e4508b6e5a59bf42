using System.Numerics;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The steps of one bundle of rows that have quads for columns (<see cref="GpuQuadColumns"/>).</summary>
internal sealed class QuadSteps
{
    /// <summary>Where a step's place begins, above its flags.</summary>
    public const int PlaceShift = 16;

    /// <summary>Arranges a bundle.</summary>
    /// <param name="rows">The rows, with quads for columns.</param>
    /// <param name="pieces">What of them fires, a piece for each row of the bundle.</param>
    /// <param name="chunks">Chunks of quads.</param>
    /// <param name="chunkQuads">Quads of a chunk.</param>
    /// <param name="numbers">For each non-zero the number of the quad's column.</param>
    public QuadSteps(CsrPattern rows, ReadOnlySpan<RowPiece> pieces, int chunks, int chunkQuads, int[] numbers)
    {
        ChunkSteps = new int[chunks];
        int[] next = new int[pieces.Length];
        for (int row = 0; row < pieces.Length; row++)
        {
            next[row] = pieces[row].Start;
        }

        int[] flags = new int[chunkQuads];
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int firstQuad = chunk * chunkQuads;
            Array.Clear(flags);
            for (int row = 0; row < pieces.Length; row++)
            {
                for (int p = next[row]; p < pieces[row].End && rows.Columns[p] < firstQuad + chunkQuads; p++)
                {
                    flags[rows.Columns[p] - firstQuad] |= 1 << row;
                }
            }

            for (int i = 0; i < chunkQuads; i++)
            {
                if (flags[i] == 0)
                {
                    continue;
                }

                ChunkSteps[chunk]++;
                Steps.Add(flags[i] | (((i * RowQuads.Rows) + 1) * WideTile.Stride << PlaceShift));
                for (int left = flags[i]; left != 0; left &= left - 1)
                {
                    Numbers.Add(numbers[next[BitOperations.TrailingZeroCount(left)]++]);
                }
            }
        }
    }

    /// <summary>The number of steps in each chunk.</summary>
    public int[] ChunkSteps { get; }

    /// <summary>For each step its flags and, above them, its quad's place in the tile.</summary>
    public List<int> Steps { get; } = [];

    /// <summary>For each flag of each step the number of the quad's column.</summary>
    public List<int> Numbers { get; } = [];
}
