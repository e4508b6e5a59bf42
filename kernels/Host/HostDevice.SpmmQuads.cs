using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>
/// Sparse times dense where rows share their columns four by four: a tile of the activations, three vectors of tokens, lies packed, and twelve sums,
/// or three sums and twelve gradients, fill the registers.
/// </content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Columns whose sums fit the L1 cache, with what streams by beside them.
    private static readonly int QuadSumColumns = Math.Max(64, CacheSizes.Level1 * 3 / 4 / sizeof(float) / QuadTokens);

    // Tiles are packed, and written back, by so many that they have whole cache lines: 48 tokens.
    private static int QuadTilesOfLines => 3 * LineFloats / QuadTokens;

    private static int QuadTokens => 3 * TSimd.Width;

    private void SpmmQuads(RowQuads quads, float* values, in DeviceMatrix x, in DeviceMatrix y, float* bias)
    {
        fixed (int* starts = quads.Starts, columns = quads.Columns)
        {
            int parts = QuadParts(quads, x.Columns);
            pool.Run(parts, new QuadsBody(
                quads.Count, quads.ColumnCount, starts, columns, values, Pointer(x), x.Stride, Pointer(y), y.Stride, x.Columns, bias, parts));
        }
    }

    private void SpmmQuadsTransposed(RowQuads quads, float* values, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        fixed (int* starts = quads.Starts, columns = quads.Columns, bounds = quads.BoundsOf(QuadSumColumns))
        {
            int parts = QuadParts(quads, dy.Columns);
            pool.Run(parts, new QuadsTransposedBody(
                quads.Count, quads.ColumnCount, starts, columns, bounds, values, Pointer(dy), dy.Stride, Pointer(dx), dx.Stride, dy.Columns,
                accumulate, parts));
        }
    }

    private int QuadParts(RowQuads quads, int tokens) =>
        pool.PartsFor(QuadTime(quads, tokens), Math.Max(1, TilesOf(tokens, QuadTokens)));

    private static long QuadTime(RowQuads quads, int tokens) =>
        MultiplyAdds(((RowQuads.Rows * (double)quads.Columns.Length) + quads.ColumnCount) * DeviceMatrix.Padded(tokens) / 2);

    /// <summary>A share of the tokens' tiles, for all rows: y = W x + bias. Every output is summed in the order of its columns.</summary>
    private readonly struct QuadsBody(
        int quads, int columnCount, int* starts, int* columns, float* values, float* x, int xStride, float* y, int yStride, int tokens, float* bias,
        int parts) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* packed = scratch.Take(columnCount * QuadTokens * QuadTilesOfLines);
            (int first, int end) = Share(TilesOf(tokens, QuadTokens), index, parts);
            for (int t = first, tiles; t < end; t += tiles)
            {
                tiles = Math.Min(QuadTilesOfLines - (t % QuadTilesOfLines), end - t);
                int token = t * QuadTokens;
                int count = Math.Min(tiles * QuadTokens, DeviceMatrix.Padded(tokens) - token);
                Scatter(x + token, xStride, columnCount, packed, columnCount * QuadTokens, count);
                float* tile = packed;
                for (; count >= QuadTokens; count -= QuadTokens, token += QuadTokens, tile += columnCount * QuadTokens)
                {
                    AddQuads3(tile, y + token);
                }

                for (int done = 0; done < count; done += TSimd.Width)
                {
                    AddQuads1(tile + done, y + token + done);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddQuads3(float* tile, float* output)
        {
            nint stride = yStride;
            for (int quad = 0; quad < quads; quad++)
            {
                int count = starts[quad + 1] - starts[quad];
                int* column = columns + starts[quad];
                float* w0 = values + ((nint)RowQuads.Rows * starts[quad]);
                float* w1 = w0 + count;
                float* w2 = w1 + count;
                float* w3 = w2 + count;
                float* to = output + (RowQuads.Rows * quad * stride);
                CacheLines.PrefetchRows(to, stride, RowQuads.Rows, QuadTokens);
                TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = a1 = a2 = BiasOf((4 * quad) + 0);
                b0 = b1 = b2 = BiasOf((4 * quad) + 1);
                c0 = c1 = c2 = BiasOf((4 * quad) + 2);
                d0 = d1 = d2 = BiasOf((4 * quad) + 3);
                for (nint p = 0; p < count; p++)
                {
                    float* from = tile + ((nint)column[p] * QuadTokens);
                    TVector x0 = TSimd.Load(from);
                    TVector x1 = TSimd.Load(from + TSimd.Width);
                    TVector x2 = TSimd.Load(from + (2 * TSimd.Width));
                    TVector weight = TSimd.Broadcast(w0[p]);
                    a0 = TSimd.MultiplyAdd(weight, x0, a0);
                    a1 = TSimd.MultiplyAdd(weight, x1, a1);
                    a2 = TSimd.MultiplyAdd(weight, x2, a2);
                    weight = TSimd.Broadcast(w1[p]);
                    b0 = TSimd.MultiplyAdd(weight, x0, b0);
                    b1 = TSimd.MultiplyAdd(weight, x1, b1);
                    b2 = TSimd.MultiplyAdd(weight, x2, b2);
                    weight = TSimd.Broadcast(w2[p]);
                    c0 = TSimd.MultiplyAdd(weight, x0, c0);
                    c1 = TSimd.MultiplyAdd(weight, x1, c1);
                    c2 = TSimd.MultiplyAdd(weight, x2, c2);
                    weight = TSimd.Broadcast(w3[p]);
                    d0 = TSimd.MultiplyAdd(weight, x0, d0);
                    d1 = TSimd.MultiplyAdd(weight, x1, d1);
                    d2 = TSimd.MultiplyAdd(weight, x2, d2);
                }

                StoreThree(to, a0, a1, a2);
                StoreThree(to + stride, b0, b1, b2);
                StoreThree(to + (2 * stride), c0, c1, c2);
                StoreThree(to + (3 * stride), d0, d1, d2);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddQuads1(float* tile, float* output)
        {
            nint stride = yStride;
            for (int quad = 0; quad < quads; quad++)
            {
                int count = starts[quad + 1] - starts[quad];
                int* column = columns + starts[quad];
                float* w0 = values + ((nint)RowQuads.Rows * starts[quad]);
                float* w1 = w0 + count;
                float* w2 = w1 + count;
                float* w3 = w2 + count;
                TVector a = BiasOf((4 * quad) + 0);
                TVector b = BiasOf((4 * quad) + 1);
                TVector c = BiasOf((4 * quad) + 2);
                TVector d = BiasOf((4 * quad) + 3);
                for (nint p = 0; p < count; p++)
                {
                    TVector from = TSimd.Load(tile + ((nint)column[p] * QuadTokens));
                    a = TSimd.MultiplyAdd(TSimd.Broadcast(w0[p]), from, a);
                    b = TSimd.MultiplyAdd(TSimd.Broadcast(w1[p]), from, b);
                    c = TSimd.MultiplyAdd(TSimd.Broadcast(w2[p]), from, c);
                    d = TSimd.MultiplyAdd(TSimd.Broadcast(w3[p]), from, d);
                }

                float* to = output + (RowQuads.Rows * quad * stride);
                TSimd.Store(to, a);
                TSimd.Store(to + stride, b);
                TSimd.Store(to + (2 * stride), c);
                TSimd.Store(to + (3 * stride), d);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TVector BiasOf(int row) => TSimd.Broadcast(bias is null ? 0 : bias[row]);
    }

    /// <summary>
    /// A share of the tokens' tiles, for all rows: dx = W^T dy. Four rows of dy stay in registers while they are added to the sums of the columns,
    /// which lie packed. Every sum is in the order of the rows.
    /// </summary>
    private readonly struct QuadsTransposedBody(
        int quads, int columnCount, int* starts, int* columns, int* bounds, float* values, float* dy, int dyStride, float* dx, int dxStride,
        int tokens, bool accumulate, int parts) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* sums = scratch.Take(Math.Min(QuadSumColumns, columnCount) * QuadTokens * QuadTilesOfLines);
            (int first, int end) = Share(TilesOf(tokens, QuadTokens), index, parts);
            for (int t = first, tiles; t < end; t += tiles)
            {
                tiles = Math.Min(QuadTilesOfLines - (t % QuadTilesOfLines), end - t);
                int token = t * QuadTokens;
                int count = Math.Min(tiles * QuadTokens, DeviceMatrix.Padded(tokens) - token);
                int* ofRange = bounds;
                for (int column = 0; column < columnCount; column += QuadSumColumns, ofRange += quads)
                {
                    AddColumns(column, Math.Min(columnCount, column + QuadSumColumns), ofRange, token, count, sums);
                }
            }
        }

        private void AddColumns(int firstColumn, int endColumn, int* ofRange, int token, int count, float* sums)
        {
            int tileLength = (endColumn - firstColumn) * QuadTokens;
            float* ofFirst = dx + ((nint)firstColumn * dxStride) + token;
            if (accumulate)
            {
                Scatter(ofFirst, dxStride, endColumn - firstColumn, sums, tileLength, count);
            }
            else
            {
                new Span<float>(sums, tileLength * QuadTilesOfLines).Clear();
            }

            float* ofColumns = sums - ((nint)firstColumn * QuadTokens);
            float* dyRow = dy + token;
            int left = count;
            for (; left >= QuadTokens; left -= QuadTokens, dyRow += QuadTokens, ofColumns += tileLength)
            {
                for (int quad = 0; quad < quads; quad++)
                {
                    AddQuad3(quad, ofRange[quad], ofRange[quads + quad], dyRow + ((nint)RowQuads.Rows * quad * dyStride), ofColumns);
                }
            }

            for (int done = 0; done < left; done += TSimd.Width)
            {
                for (int quad = 0; quad < quads; quad++)
                {
                    AddQuad1(quad, ofRange[quad], ofRange[quads + quad], dyRow + done + ((nint)RowQuads.Rows * quad * dyStride), ofColumns + done);
                }
            }

            Gather(sums, tileLength, ofFirst, dxStride, endColumn - firstColumn, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddQuad3(int quad, int first, int end, float* from, float* sums)
        {
            nint stride = dyStride;
            nint rowLength = starts[quad + 1] - starts[quad];
            int* column = columns;
            float* w0 = values + ((nint)(RowQuads.Rows - 1) * starts[quad]);
            float* w1 = w0 + rowLength;
            float* w2 = w1 + rowLength;
            float* w3 = w2 + rowLength;
            TVector a0 = TSimd.Load(from), a1 = TSimd.Load(from + TSimd.Width), a2 = TSimd.Load(from + (2 * TSimd.Width));
            from += stride;
            TVector b0 = TSimd.Load(from), b1 = TSimd.Load(from + TSimd.Width), b2 = TSimd.Load(from + (2 * TSimd.Width));
            from += stride;
            TVector c0 = TSimd.Load(from), c1 = TSimd.Load(from + TSimd.Width), c2 = TSimd.Load(from + (2 * TSimd.Width));
            from += stride;
            TVector d0 = TSimd.Load(from), d1 = TSimd.Load(from + TSimd.Width), d2 = TSimd.Load(from + (2 * TSimd.Width));
            for (nint p = first; p < end; p++)
            {
                float* to = sums + ((nint)column[p] * QuadTokens);
                TVector weight = TSimd.Broadcast(w0[p]);
                TVector s0 = TSimd.MultiplyAdd(weight, a0, TSimd.Load(to));
                TVector s1 = TSimd.MultiplyAdd(weight, a1, TSimd.Load(to + TSimd.Width));
                TVector s2 = TSimd.MultiplyAdd(weight, a2, TSimd.Load(to + (2 * TSimd.Width)));
                weight = TSimd.Broadcast(w1[p]);
                s0 = TSimd.MultiplyAdd(weight, b0, s0);
                s1 = TSimd.MultiplyAdd(weight, b1, s1);
                s2 = TSimd.MultiplyAdd(weight, b2, s2);
                weight = TSimd.Broadcast(w2[p]);
                s0 = TSimd.MultiplyAdd(weight, c0, s0);
                s1 = TSimd.MultiplyAdd(weight, c1, s1);
                s2 = TSimd.MultiplyAdd(weight, c2, s2);
                weight = TSimd.Broadcast(w3[p]);
                s0 = TSimd.MultiplyAdd(weight, d0, s0);
                s1 = TSimd.MultiplyAdd(weight, d1, s1);
                s2 = TSimd.MultiplyAdd(weight, d2, s2);
                StoreThree(to, s0, s1, s2);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddQuad1(int quad, int first, int end, float* from, float* sums)
        {
            nint stride = dyStride;
            nint rowLength = starts[quad + 1] - starts[quad];
            int* column = columns;
            float* w0 = values + ((nint)(RowQuads.Rows - 1) * starts[quad]);
            float* w1 = w0 + rowLength;
            float* w2 = w1 + rowLength;
            float* w3 = w2 + rowLength;
            TVector a = TSimd.Load(from);
            TVector b = TSimd.Load(from + stride);
            TVector c = TSimd.Load(from + (2 * stride));
            TVector d = TSimd.Load(from + (3 * stride));
            for (nint p = first; p < end; p++)
            {
                float* to = sums + ((nint)column[p] * QuadTokens);
                TVector sum = TSimd.MultiplyAdd(TSimd.Broadcast(w0[p]), a, TSimd.Load(to));
                sum = TSimd.MultiplyAdd(TSimd.Broadcast(w1[p]), b, sum);
                sum = TSimd.MultiplyAdd(TSimd.Broadcast(w2[p]), c, sum);
                TSimd.Store(to, TSimd.MultiplyAdd(TSimd.Broadcast(w3[p]), d, sum));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreThree(float* to, TVector first, TVector second, TVector third)
    {
        TSimd.Store(to, first);
        TSimd.Store(to + TSimd.Width, second);
        TSimd.Store(to + (2 * TSimd.Width), third);
    }

    /// <summary>Copies tokens of columns to their places in tiles.</summary>
    private static void Scatter(float* source, nint stride, int columns, float* tiles, nint tileLength, int count)
    {
        for (int column = 0; column < columns; column++, source += stride, tiles += QuadTokens)
        {
            CacheLines.Prefetch(source + (PackAhead * stride), count);
            float* tile = tiles;
            for (int token = 0; token < count; token += QuadTokens, tile += tileLength)
            {
                CopyVectors(source + token, tile, Math.Min(count - token, QuadTokens));
            }
        }
    }

    /// <summary>Copies the columns' places in tiles to their tokens.</summary>
    private static void Gather(float* tiles, nint tileLength, float* result, nint stride, int columns, int count)
    {
        for (int column = 0; column < columns; column++, result += stride, tiles += QuadTokens)
        {
            CacheLines.Prefetch(result + (PackAhead * stride), count);
            float* tile = tiles;
            for (int token = 0; token < count; token += QuadTokens, tile += tileLength)
            {
                CopyVectors(tile, result + token, Math.Min(count - token, QuadTokens));
            }
        }
    }

    /// <summary>Copies whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyVectors(float* from, float* to, int count)
    {
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TSimd.Store(to + i, TSimd.Load(from + i));
        }
    }
}
