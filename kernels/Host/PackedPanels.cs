using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// Copies blocks of matrices into panels: for each k, <c>panelWidth</c> consecutive floats, zeros past the edge. It is the
/// order in which <see cref="GemmMicrokernel{TSimd, TVector}"/> reads both operands (Goto and van de Geijn, 2008).
/// </summary>
internal static unsafe class PackedPanels
{
    /// <summary>Packs a block whose rows run along k: element (i, p) is source[p rowStride + i].</summary>
    /// <param name="source">Element (0, 0).</param>
    /// <param name="rowStride">The distance from one k to the next.</param>
    /// <param name="width">Elements i that count.</param>
    /// <param name="depth">The number of k.</param>
    /// <param name="panelWidth">Elements of a panel per k.</param>
    /// <param name="panels">Receives ceil(width / panelWidth) panels of depth x panelWidth floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyRows(float* source, nint rowStride, int width, int depth, int panelWidth, float* panels)
    {
        int first = 0;
        if (panelWidth == 8)
        {
            // Two panels at a time: whole lines of the source.
            for (; first + 16 <= width; first += 16)
            {
                float* second = panels + (8 * depth);
                for (int p = 0; p < depth; p++)
                {
                    float* from = source + (p * rowStride) + first;
                    Vector256.Load(from).Store(panels + (8 * p));
                    Vector256.Load(from + 8).Store(second + (8 * p));
                }

                panels += 16 * depth;
            }
        }

        for (; first < width; first += panelWidth)
        {
            int count = Math.Min(panelWidth, width - first);
            int p = 0;
            if (panelWidth < 8 && first + 8 <= width)
            {
                // Eight at a time: what is too much of each k is overwritten by the next, so the last one is left to the loop below.
                for (; p < depth - 1; p++)
                {
                    Vector256.Load(source + (p * rowStride) + first).Store(panels);
                    panels += panelWidth;
                }
            }

            for (; p < depth; p++)
            {
                float* from = source + (p * rowStride) + first;
                if (count == panelWidth)
                {
                    ShortRuns.Copy(from, panels, panelWidth);
                }
                else
                {
                    new Span<float>(from, count).CopyTo(new Span<float>(panels, count));
                    new Span<float>(panels + count, panelWidth - count).Clear();
                }

                panels += panelWidth;
            }
        }
    }

    /// <summary>Packs a block whose rows run across k: element (i, p) is source[i rowStride + p].</summary>
    /// <inheritdoc cref="CopyRows"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyColumns(float* source, nint rowStride, int width, int depth, int panelWidth, float* panels)
    {
        for (int first = 0; first < width; first += panelWidth)
        {
            int count = Math.Min(panelWidth, width - first);
            Transpose(source + (first * rowStride), rowStride, count, depth, panels, panelWidth);
            for (int i = count; i < panelWidth; i++)
            {
                for (int p = 0; p < depth; p++)
                {
                    panels[(p * panelWidth) + i] = 0;
                }
            }

            panels += depth * panelWidth;
        }
    }

    /// <summary>target[p, i] = source[i, p] for i below <paramref name="rows"/> and p below <paramref name="columns"/>.</summary>
    public static void Transpose(float* source, nint rowStride, int rows, int columns, float* target, int targetStride)
    {
        int i = 0;
        if (Avx.IsSupported)
        {
            for (; i + 8 <= rows; i += 8)
            {
                TransposeEight(source + (i * rowStride), rowStride, columns, targetStride, target + i);
            }
        }

        for (; i + 4 <= rows; i += 4)
        {
            TransposeFour(source + (i * rowStride), rowStride, columns, targetStride, target + i);
        }

        for (; i + 2 <= rows; i += 2)
        {
            TransposeTwo(source + (i * rowStride), rowStride, columns, targetStride, target + i);
        }

        for (; i < rows; i++)
        {
            float* from = source + (i * rowStride);
            for (int p = 0; p < columns; p++)
            {
                target[(p * targetStride) + i] = from[p];
            }
        }
    }

    private static void TransposeEight(float* source, nint rowStride, int depth, int panelWidth, float* panel)
    {
        int p = 0;
        for (; p + 8 <= depth; p += 8)
        {
            float* from = source + p;
            float* lower = from + (4 * rowStride);
            float* to = panel + (p * panelWidth);

            // Each vector holds four of one row and the same four of the row four below: two transposes of four at once.
            for (int half = 0; half < 8; half += 4)
            {
                Vector256<float> a = Vector256.Create(Vector128.Load(from + half), Vector128.Load(lower + half));
                Vector256<float> b = Vector256.Create(Vector128.Load(from + rowStride + half), Vector128.Load(lower + rowStride + half));
                Vector256<float> c = Vector256.Create(Vector128.Load(from + (2 * rowStride) + half), Vector128.Load(lower + (2 * rowStride) + half));
                Vector256<float> d = Vector256.Create(Vector128.Load(from + (3 * rowStride) + half), Vector128.Load(lower + (3 * rowStride) + half));
                Lanes.TransposeHalves(ref a, ref b, ref c, ref d);
                a.Store(to);
                b.Store(to + panelWidth);
                c.Store(to + (2 * panelWidth));
                d.Store(to + (3 * panelWidth));
                to += 4 * panelWidth;
            }
        }

        TransposeFour(source + p, rowStride, depth - p, panelWidth, panel + (p * panelWidth));
        TransposeFour(source + (4 * rowStride) + p, rowStride, depth - p, panelWidth, panel + (p * panelWidth) + 4);
    }

    private static void TransposeTwo(float* source, nint rowStride, int depth, int panelWidth, float* panel)
    {
        for (int p = 0; p < depth; p++)
        {
            float* to = panel + (p * panelWidth);
            to[0] = source[p];
            to[1] = source[rowStride + p];
        }
    }

    private static void TransposeFour(float* source, nint rowStride, int depth, int panelWidth, float* panel)
    {
        int p = 0;
        for (; p + 4 <= depth; p += 4)
        {
            Vector128<float> a = Vector128.Load(source + p);
            Vector128<float> b = Vector128.Load(source + rowStride + p);
            Vector128<float> c = Vector128.Load(source + (2 * rowStride) + p);
            Vector128<float> d = Vector128.Load(source + (3 * rowStride) + p);
            Lanes.Transpose(ref a, ref b, ref c, ref d);
            float* to = panel + (p * panelWidth);
            a.Store(to);
            b.Store(to + panelWidth);
            c.Store(to + (2 * panelWidth));
            d.Store(to + (3 * panelWidth));
        }

        for (; p < depth; p++)
        {
            float* to = panel + (p * panelWidth);
            to[0] = source[p];
            to[1] = source[rowStride + p];
            to[2] = source[(2 * rowStride) + p];
            to[3] = source[(3 * rowStride) + p];
        }
    }
}
