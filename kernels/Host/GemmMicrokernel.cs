using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Host;

/// <summary>The inner loop of every dense product: a tile of C, 6 or 8 rows by 2 vectors, held in registers over all of k.</summary>
/// <remarks>
/// 12 accumulators, two vectors of B and one broadcast of A fill the 16 registers of AVX2, and cover the latency of its two FMA units.
/// AVX-512 has 32 registers; its 8 rows divide the sizes of heads and are packed by whole 8 x 8 transposes.
/// </remarks>
internal static unsafe partial class GemmMicrokernel<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of the tile: the width of A's panels.</summary>
    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSimd.Width == 16 ? 8 : 6;
    }

    /// <summary>Columns of the tile: the width of B's panels.</summary>
    public static int Columns => 2 * TSimd.Width;

    /// <summary>c[i, j] = (accumulate ? c[i, j] : 0) + sum over p of a[p, i] b[p, j].</summary>
    /// <typeparam name="TOrder">How A's elements follow each other.</typeparam>
    /// <param name="depth">The number of p.</param>
    /// <param name="a">A's first element.</param>
    /// <param name="aStride">The distance of A's rows, where the order does not say it.</param>
    /// <param name="b">B's first element: rows of <see cref="Columns"/>.</param>
    /// <param name="bStride">The distance of B's rows.</param>
    /// <param name="c">The tile's first element.</param>
    /// <param name="stride">The distance of its rows.</param>
    /// <param name="accumulate">Whether to add to what the tile holds.</param>
    /// <param name="ahead">What is asked for meanwhile, <see cref="Columns"/> of a row for each p, if the order says so.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOrder>(
        int depth, float* a, nint aStride, float* b, nint bStride, float* c, nint stride, bool accumulate, FeatureRows ahead = default)
        where TOrder : struct, IOperandOrder
    {
        // Constants to the compiler in most orders, read once: in the loop, it has too much else to inline.
        bool eight = Rows == 8;
        nint next = TOrder.Row(aStride);
        nint step = TOrder.Step(aStride);
        float* coming = ahead.From(0);
        if (accumulate)
        {
            // The tile of C is far away, and here by the end of the loop.
            CacheLines.PrefetchRows(c, stride, Rows, Columns);
        }

        TVector c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71;
        c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = c60 = c61 = c70 = c71 = TSimd.Broadcast(0);
        for (int p = 0; p < depth; p++)
        {
            TVector b0 = TSimd.Load(b);
            TVector b1 = TSimd.Load(b + TSimd.Width);
            TVector row = TSimd.Broadcast(a[0]);
            c00 = TSimd.MultiplyAdd(row, b0, c00);
            c01 = TSimd.MultiplyAdd(row, b1, c01);
            row = TSimd.Broadcast(a[next]);
            c10 = TSimd.MultiplyAdd(row, b0, c10);
            c11 = TSimd.MultiplyAdd(row, b1, c11);
            row = TSimd.Broadcast(a[2 * next]);
            c20 = TSimd.MultiplyAdd(row, b0, c20);
            c21 = TSimd.MultiplyAdd(row, b1, c21);
            row = TSimd.Broadcast(a[3 * next]);
            c30 = TSimd.MultiplyAdd(row, b0, c30);
            c31 = TSimd.MultiplyAdd(row, b1, c31);
            row = TSimd.Broadcast(a[4 * next]);
            c40 = TSimd.MultiplyAdd(row, b0, c40);
            c41 = TSimd.MultiplyAdd(row, b1, c41);
            row = TSimd.Broadcast(a[5 * next]);
            c50 = TSimd.MultiplyAdd(row, b0, c50);
            c51 = TSimd.MultiplyAdd(row, b1, c51);
            if (eight)
            {
                row = TSimd.Broadcast(a[6 * next]);
                c60 = TSimd.MultiplyAdd(row, b0, c60);
                c61 = TSimd.MultiplyAdd(row, b1, c61);
                row = TSimd.Broadcast(a[7 * next]);
                c70 = TSimd.MultiplyAdd(row, b0, c70);
                c71 = TSimd.MultiplyAdd(row, b1, c71);
            }

            a += step;
            b += bStride;
            if (TOrder.FetchesAhead)
            {
                CacheLines.PrefetchToLevel2(coming);
                if (Columns > 16)
                {
                    CacheLines.PrefetchToLevel2(coming + 16);
                }

                coming += ahead.Stride;
            }
        }

        StoreRow(c, c00, c01, accumulate);
        StoreRow(c + stride, c10, c11, accumulate);
        StoreRow(c + (2 * stride), c20, c21, accumulate);
        StoreRow(c + (3 * stride), c30, c31, accumulate);
        StoreRow(c + (4 * stride), c40, c41, accumulate);
        StoreRow(c + (5 * stride), c50, c51, accumulate);
        if (eight)
        {
            StoreRow(c + (6 * stride), c60, c61, accumulate);
            StoreRow(c + (7 * stride), c70, c71, accumulate);
        }
    }

    /// <summary>
    /// The product for a whole panel of B against <paramref name="rows"/> rows of A's panels, writing only the
    /// <paramref name="rows"/> x <paramref name="columns"/> that lie within C.
    /// </summary>
    /// <param name="depth">The number of p.</param>
    /// <param name="a">A's panels, <paramref name="panelStride"/> floats apart.</param>
    /// <param name="panelStride">The distance of A's panels.</param>
    /// <param name="b">A panel of B.</param>
    /// <param name="c">C's first element.</param>
    /// <param name="stride">The distance of C's rows.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C, at most <see cref="Columns"/>.</param>
    /// <param name="accumulate">Whether to add to what C holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunPanel(int depth, float* a, nint panelStride, float* b, float* c, nint stride, int rows, int columns, bool accumulate)
    {
        int row = 0;
        if (columns == Columns)
        {
            for (; row + Rows <= rows; row += Rows)
            {
                Run<PackedOrder>(depth, a, Rows, b, Columns, c + (row * stride), stride, accumulate);
                a += panelStride;
            }
        }

        if (row < rows)
        {
            float* tile = stackalloc float[Rows * Columns];
            for (; row < rows; row += Rows)
            {
                Run<PackedOrder>(depth, a, Rows, b, Columns, tile, Columns, accumulate: false);
                CopyTile(tile, c + (row * stride), stride, Math.Min(Rows, rows - row), columns, accumulate);
                a += panelStride;
            }
        }
    }

    /// <summary>
    /// The product for <see cref="Columns"/> columns of B where they lie. The last tile of rows overlaps the one before it, so that nothing is read
    /// or written past them, and there have to be at least <see cref="Rows"/>; of packed panels it is whole.
    /// </summary>
    /// <typeparam name="TOrder">How A's elements follow each other.</typeparam>
    /// <param name="depth">The number of p.</param>
    /// <param name="a">A's first element.</param>
    /// <param name="aStride">The distance of A's rows, where the order does not say it.</param>
    /// <param name="b">B's first element.</param>
    /// <param name="bStride">The distance of B's rows.</param>
    /// <param name="c">C's first element.</param>
    /// <param name="stride">The distance of C's rows.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="ahead">What is asked for during one tile each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunRows<TOrder>(
        int depth, float* a, nint aStride, float* b, nint bStride, float* c, nint stride, int rows, ReadOnlySpan<FeatureRows> ahead = default)
        where TOrder : struct, IOperandOrder
    {
        for (int row = 0, tile = 0; row < rows; row += Rows, tile++)
        {
            row = TOrder.HasWholeTiles ? row : Math.Min(row, rows - Rows);
            FeatureRows coming = tile < ahead.Length ? ahead[tile] : new FeatureRows(b, 0);
            Run<TOrder>(
                depth, a + (row * TOrder.RowOfTile(aStride, depth)), aStride, b, bStride, c + (row * stride), stride, accumulate: false, coming);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow(float* c, TVector first, TVector second, bool accumulate)
    {
        TSimd.Store(c, accumulate ? TSimd.Add(TSimd.Load(c), first) : first);
        TSimd.Store(c + TSimd.Width, accumulate ? TSimd.Add(TSimd.Load(c + TSimd.Width), second) : second);
    }

    private static void CopyTile(float* tile, float* c, nint stride, int rows, int columns, bool accumulate)
    {
        for (int i = 0; i < rows; i++)
        {
            float* to = c + (i * stride);
            float* from = tile + (i * Columns);
            for (int j = 0; j < columns; j++)
            {
                to[j] = accumulate ? to[j] + from[j] : from[j];
            }
        }
    }
}
