using System.Numerics;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <summary>The non-zeros of one bundle of rows that have quads for columns, as they fire (<see cref="GpuQuadColumns"/>).</summary>
internal sealed class QuadFirings
{
    /// <summary>What of a firing is the number of its row in the bundle.</summary>
    public const int RowMask = GpuQuadColumns.BundleRows - 1;

    /// <summary>Where its quad's place in the tile begins.</summary>
    public const int PlaceShift = 16;

    /// <summary>What of it is that place. A firing is below 0 if it is its quad's first.</summary>
    public const int PlaceMask = short.MaxValue;

    /// <summary>Arranges a bundle.</summary>
    /// <param name="rows">The rows, with quads for columns.</param>
    /// <param name="pieces">What of them fires, a piece for each row of the bundle.</param>
    /// <param name="chunks">Chunks of quads.</param>
    /// <param name="chunkQuads">Quads of a chunk.</param>
    /// <param name="numbers">For each non-zero the number of the quad's column.</param>
    public QuadFirings(CsrPattern rows, ReadOnlySpan<RowPiece> pieces, int chunks, int chunkQuads, int[] numbers)
    {
        Counts = new int[chunks];
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
                int first = int.MinValue;
                for (int left = flags[i]; left != 0; left &= left - 1)
                {
                    int row = BitOperations.TrailingZeroCount(left);
                    Firings.Add(first | row | (((i * RowQuads.Rows) + 1) * WideTile.Stride << PlaceShift));
                    Numbers.Add(numbers[next[row]++]);
                    Counts[chunk]++;
                    first = 0;
                }
            }
        }
    }

    /// <summary>The number of firings in each chunk.</summary>
    public int[] Counts { get; }

    /// <summary>Each firing's row and place, quad by quad and row by row.</summary>
    public List<int> Firings { get; } = [];

    /// <summary>For each firing the number of the quad's column.</summary>
    public List<int> Numbers { get; } = [];
}
