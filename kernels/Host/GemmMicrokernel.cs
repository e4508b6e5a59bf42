using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace SparseEngine.Kernels.Host;

/// <summary>The inner loop of every dense product: a tile of C, 6 rows by 2 vectors, held in registers over all of k.</summary>
/// <remarks>12 accumulators, two vectors of B and one broadcast of A fill the 16 registers of AVX2, and cover the latency of its two FMA units.</remarks>
internal static unsafe class GemmMicrokernel<TSimd, TVector>
    where TSimd : ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary>Rows of the tile: the width of A's panels.</summary>
    public const int Rows = 6;

    /// <summary>Columns of the tile: the width of B's panels.</summary>
    public static int Columns => 2 * TSimd.Width;

    /// <summary>c[i, j] = (accumulate ? c[i, j] : 0) + sum over p of a[p, i] b[p, j].</summary>
    /// <param name="depth">The number of p.</param>
    /// <param name="a">A panel of A: depth x <see cref="Rows"/>.</param>
    /// <param name="b">A panel of B: depth x <see cref="Columns"/>.</param>
    /// <param name="c">The tile's first element.</param>
    /// <param name="stride">The distance of its rows.</param>
    /// <param name="accumulate">Whether to add to what the tile holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(int depth, float* a, float* b, float* c, nint stride, bool accumulate)
    {
        // The tile of C is far away, and here by the end of the loop.
        if (accumulate && Sse.IsSupported)
        {
            Sse.Prefetch0(c);
            Sse.Prefetch0(c + (2 * TSimd.Width) - 1);
            Sse.Prefetch0(c + stride);
            Sse.Prefetch0(c + stride + (2 * TSimd.Width) - 1);
            Sse.Prefetch0(c + (2 * stride));
            Sse.Prefetch0(c + (2 * stride) + (2 * TSimd.Width) - 1);
            Sse.Prefetch0(c + (3 * stride));
            Sse.Prefetch0(c + (3 * stride) + (2 * TSimd.Width) - 1);
            Sse.Prefetch0(c + (4 * stride));
            Sse.Prefetch0(c + (4 * stride) + (2 * TSimd.Width) - 1);
            Sse.Prefetch0(c + (5 * stride));
            Sse.Prefetch0(c + (5 * stride) + (2 * TSimd.Width) - 1);
        }

        TVector c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
        c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = TSimd.Broadcast(0);
        for (int p = 0; p < depth; p++)
        {
            TVector b0 = TSimd.Load(b);
            TVector b1 = TSimd.Load(b + TSimd.Width);
            TVector row = TSimd.Broadcast(a[0]);
            c00 = TSimd.MultiplyAdd(row, b0, c00);
            c01 = TSimd.MultiplyAdd(row, b1, c01);
            row = TSimd.Broadcast(a[1]);
            c10 = TSimd.MultiplyAdd(row, b0, c10);
            c11 = TSimd.MultiplyAdd(row, b1, c11);
            row = TSimd.Broadcast(a[2]);
            c20 = TSimd.MultiplyAdd(row, b0, c20);
            c21 = TSimd.MultiplyAdd(row, b1, c21);
            row = TSimd.Broadcast(a[3]);
            c30 = TSimd.MultiplyAdd(row, b0, c30);
            c31 = TSimd.MultiplyAdd(row, b1, c31);
            row = TSimd.Broadcast(a[4]);
            c40 = TSimd.MultiplyAdd(row, b0, c40);
            c41 = TSimd.MultiplyAdd(row, b1, c41);
            row = TSimd.Broadcast(a[5]);
            c50 = TSimd.MultiplyAdd(row, b0, c50);
            c51 = TSimd.MultiplyAdd(row, b1, c51);
            a += Rows;
            b += 2 * TSimd.Width;
        }

        StoreRow(c, c00, c01, accumulate);
        StoreRow(c + stride, c10, c11, accumulate);
        StoreRow(c + (2 * stride), c20, c21, accumulate);
        StoreRow(c + (3 * stride), c30, c31, accumulate);
        StoreRow(c + (4 * stride), c40, c41, accumulate);
        StoreRow(c + (5 * stride), c50, c51, accumulate);
    }

    /// <summary>
    /// <see cref="Run"/> for a whole panel of B against <paramref name="rows"/> rows of A's panels, writing only the
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
                Run(depth, a, b, c + (row * stride), stride, accumulate);
                a += panelStride;
            }
        }

        if (row < rows)
        {
            float* tile = stackalloc float[Rows * Columns];
            for (; row < rows; row += Rows)
            {
                Run(depth, a, b, tile, Columns, accumulate: false);
                CopyTile(tile, c + (row * stride), stride, Math.Min(Rows, rows - row), columns, accumulate);
                a += panelStride;
            }
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
