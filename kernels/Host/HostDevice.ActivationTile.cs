using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The packed tile of activations that the sparse kernels read.</content>
/// <remarks>
/// A tile lies in strips of four vectors of tokens, [strip, column, token], so that a product may take one strip at a time or both.
/// </remarks>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <summary>Vectors in a row of a strip.</summary>
    private const int StripVectors = 4;

    /// <summary>
    /// Vectors in a row of the largest tile: the accumulators of the sparse products. Twelve, which the registers of AVX2 would hold, were no faster.
    /// </summary>
    private const int TileVectors = 2 * StripVectors;

    // Rows ahead: far enough for a line to arrive from the L3 cache.
    private const int PackAhead = 12;

    // A row of the largest tile, at the widest vectors.
    private const int LargestRowBytes = TileVectors * 64;

    // Rows whose sums, or whose dy, stay in half of the L2 cache while all column tiles pass; also, columns that are packed at once where no pass
    // takes all rows.
    private static readonly int PassRows = Math.Clamp(CacheSizes.Level2 / 2 / LargestRowBytes, FiringOrder.GroupRows, 16 * FiringOrder.GroupRows);

    private static int StripTokens => StripVectors * TSimd.Width;

    private static int TileTokens => TileVectors * TSimd.Width;

    /// <summary>The number of tiles that tokens are cut into.</summary>
    private static int TilesOf(int tokens, int tileTokens) => (DeviceMatrix.Padded(tokens) + tileTokens - 1) / tileTokens;

    /// <summary>The first token of a tile. Tiles are about equal, in steps of a strip, so that no short one is left over.</summary>
    private static int TileStart(int tile, int tokens, int tileTokens)
    {
        int tiles = TilesOf(tokens, tileTokens);
        long share = (long)DeviceMatrix.Padded(tokens) * tile;
        return tile == tiles ? tokens : (int)((share + ((long)tiles * StripTokens) - 1) / ((long)tiles * StripTokens)) * StripTokens;
    }

    /// <summary>
    /// Copies rows [0, rows) x tokens [0, tokens) of <paramref name="source"/> to a tile's strips.
    /// Packed, the tile's lines cannot evict each other from the L1 cache, whatever the stride.
    /// </summary>
    /// <param name="source">The first element.</param>
    /// <param name="stride">The distance of its rows.</param>
    /// <param name="rows">Rows to copy.</param>
    /// <param name="tokens">Tokens that count; up to the next whole line the tile gets zeros.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="stripStride">The distance of its strips.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* source, int stride, int rows, int tokens, float* tile, nint stripStride)
    {
        int padded = DeviceMatrix.Padded(tokens);
        for (int row = 0; row < rows; row++, source += stride, tile += StripTokens)
        {
            CacheLines.Prefetch(source + (PackAhead * (nint)stride), padded);
            float* to = tile;
            for (int first = 0; first < padded; first += StripTokens, to += stripStride)
            {
                float* from = source + first;
                int end = Math.Min(StripTokens, padded - first);
                int count = Math.Min(end, tokens - first);
                int token = 0;
                for (; token + TSimd.Width <= count; token += TSimd.Width)
                {
                    TSimd.Store(to + token, TSimd.Load(from + token));
                }

                for (; token < count; token++)
                {
                    to[token] = from[token];
                }

                for (; token < end; token++)
                {
                    to[token] = 0;
                }
            }
        }
    }

    /// <summary>Packs the column tiles [first, end) of some tokens of <paramref name="x"/>.</summary>
    /// <returns>The distance of the packed strips.</returns>
    private static nint PackTiles(FiringOrder order, int first, int end, float* x, int stride, int token, int tokens, float* packed)
    {
        int columns = order.ColumnsOf(first, end);
        nint stripStride = (nint)columns * StripTokens;
        Pack(x + ((nint)first * order.Width * stride) + token, stride, columns, tokens, packed, stripStride);
        return stripStride;
    }
}
