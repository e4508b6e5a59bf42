using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <content>The packed tile of activations that the sparse kernels read.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <summary>Vectors in a row of a tile: the accumulators of the sparse products.</summary>
    private const int TileVectors = 8;

    private static int TileTokens => TileVectors * TSimd.Width;

    /// <summary>
    /// Copies rows [0, rows) x tokens [0, tokens) of <paramref name="source"/> to a tile whose rows are <see cref="TileTokens"/> apart.
    /// Packed, the tile's lines cannot evict each other from the L1 cache, whatever the stride.
    /// </summary>
    /// <param name="source">The first element.</param>
    /// <param name="stride">The distance of its rows.</param>
    /// <param name="rows">Rows to copy.</param>
    /// <param name="tokens">Tokens that count; up to the next whole line the tile gets zeros.</param>
    /// <param name="tile">The tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* source, int stride, int rows, int tokens, float* tile)
    {
        int whole = tokens / TSimd.Width * TSimd.Width;
        int padded = Padded(tokens);
        for (int row = 0; row < rows; row++)
        {
            float* from = source + ((nint)row * stride);
            float* to = tile + ((nint)row * TileTokens);
            int t = 0;
            for (; t < whole; t += TSimd.Width)
            {
                TSimd.Store(to + t, TSimd.Load(from + t));
            }

            for (; t < tokens; t++)
            {
                to[t] = from[t];
            }

            for (; t < padded; t++)
            {
                to[t] = 0;
            }
        }
    }
}
