using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>The sampled dense-dense product where rows share their columns four by four.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Of a row in one block: the fewer, the more the sums of lanes cost beside the multiply-adds.
    private const int QuadBlockTokens = 512;

    // A line more than a block, so that columns do not meet in the same sets of the cache.
    private const int QuadBlockStride = QuadBlockTokens + LineFloats;

    // As many as three quarters of L2 hold.
    private static readonly int MostQuadBlockColumns = Math.Max(64, CacheSizes.Level2 * 3 / 4 / sizeof(float) / QuadBlockStride);

    private void SddmmQuads(RowQuads quads, in DeviceMatrix dy, in DeviceMatrix x, float* gradient, bool accumulate)
    {
        int blockColumns = EvenBlocks(quads.ColumnCount, MostQuadBlockColumns);
        fixed (int* starts = quads.Starts, columns = quads.Columns, bounds = quads.BoundsOf(blockColumns))
        {
            int parts = pool.PartsFor(QuadTime(quads, x.Columns), quads.Count, SddmmPartTimes);
            pool.Run(parts, new SddmmQuadsBody(
                quads, starts, columns, bounds, blockColumns, Pointer(dy), dy.Stride, Pointer(x), x.Stride, x.Columns, gradient, accumulate, parts));
        }
    }

    /// <summary>The width of blocks of about equal width, none wider than <paramref name="most"/>.</summary>
    private static int EvenBlocks(int columns, int most)
    {
        int blocks = Math.Max(1, (columns + most - 1) / most);
        return Math.Max(1, (columns + blocks - 1) / blocks);
    }

    /// <summary>
    /// A share of the rows, over all tokens: four rows meet three columns at a time, with twelve sums in registers. Blocks of the activations are
    /// read where they lie, or packed where columns would meet in the same sets of the cache, or end within a vector.
    /// Every gradient is summed in the order of the blocks, whatever the partition.
    /// </summary>
    private readonly struct SddmmQuadsBody(
        RowQuads quads, int* starts, int* columns, int* bounds, int blockColumns, float* dy, int dyStride, float* x, int xStride, int tokens,
        float* gradient, bool accumulate, int parts) : IParallelBody
    {
        private readonly bool readsInPlace = tokens % TSimd.Width == 0 && xStride / LineFloats % 2 == 1;

        public void Invoke(int index, WorkerScratch scratch)
        {
            (int firstQuad, int endQuad) = quads.Cut(index, parts);
            if (firstQuad == endQuad)
            {
                return;
            }

            float* packed = scratch.Take(((readsInPlace ? 0 : blockColumns) + RowQuads.Rows) * QuadBlockStride);
            for (int token = 0; token < tokens; token += QuadBlockTokens)
            {
                int* ofRange = bounds;
                for (int column = 0; column < quads.ColumnCount; column += blockColumns, ofRange += quads.Count)
                {
                    AddBlock(firstQuad, endQuad, column, Math.Min(quads.ColumnCount, column + blockColumns), ofRange, token, packed);
                }
            }
        }

        private void AddBlock(int firstQuad, int endQuad, int firstColumn, int endColumn, int* ofRange, int token, float* packed)
        {
            int count = Math.Min(QuadBlockTokens, tokens - token);
            int padded = (count + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
            float* tail = packed;
            packed += RowQuads.Rows * QuadBlockStride;
            float* block = x + token;
            nint blockStride = xStride;
            if (!readsInPlace)
            {
                for (int column = firstColumn; column < endColumn; column++)
                {
                    CopyTokens(x + ((nint)column * xStride) + token, packed + ((column - firstColumn) * QuadBlockStride), count);
                }

                block = packed - ((nint)firstColumn * QuadBlockStride);
                blockStride = QuadBlockStride;
            }

            bool add = accumulate || token > 0;
            for (int quad = firstQuad; quad < endQuad; quad++)
            {
                float* rows = dy + ((nint)RowQuads.Rows * quad * dyStride) + token;
                nint stride = dyStride;
                if (padded > count)
                {
                    for (int row = 0; row < RowQuads.Rows; row++)
                    {
                        CopyTokens(rows + (row * stride), tail + (row * QuadBlockStride), count);
                    }

                    rows = tail;
                    stride = QuadBlockStride;
                }

                DotProducts(quad, ofRange[quad], ofRange[quads.Count + quad], rows, stride, block, blockStride, padded, add);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void DotProducts(
            int quad, int first, int end, float* dyRows, nint dyRowStride, float* block, nint blockStride, int padded, bool add)
        {
            nint rowLength = starts[quad + 1] - starts[quad];
            float* to = gradient + ((nint)(RowQuads.Rows - 1) * starts[quad]);
            int* column = columns;
            float* row1 = dyRows + dyRowStride;
            float* row2 = row1 + dyRowStride;
            float* row3 = row2 + dyRowStride;
            float* sums = stackalloc float[3 * RowQuads.Rows];
            int p = first;
            for (; p + 3 <= end; p += 3)
            {
                float* x0 = block + (column[p] * blockStride);
                float* x1 = block + (column[p + 1] * blockStride);
                float* x2 = block + (column[p + 2] * blockStride);
                TVector a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2;
                a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = TSimd.Broadcast(0);
                for (nint t = 0; t < padded; t += TSimd.Width)
                {
                    TVector u = TSimd.Load(x0 + t);
                    TVector v = TSimd.Load(x1 + t);
                    TVector w = TSimd.Load(x2 + t);
                    TVector row = TSimd.Load(dyRows + t);
                    a0 = TSimd.MultiplyAdd(row, u, a0);
                    a1 = TSimd.MultiplyAdd(row, v, a1);
                    a2 = TSimd.MultiplyAdd(row, w, a2);
                    row = TSimd.Load(row1 + t);
                    b0 = TSimd.MultiplyAdd(row, u, b0);
                    b1 = TSimd.MultiplyAdd(row, v, b1);
                    b2 = TSimd.MultiplyAdd(row, w, b2);
                    row = TSimd.Load(row2 + t);
                    c0 = TSimd.MultiplyAdd(row, u, c0);
                    c1 = TSimd.MultiplyAdd(row, v, c1);
                    c2 = TSimd.MultiplyAdd(row, w, c2);
                    row = TSimd.Load(row3 + t);
                    d0 = TSimd.MultiplyAdd(row, u, d0);
                    d1 = TSimd.MultiplyAdd(row, v, d1);
                    d2 = TSimd.MultiplyAdd(row, w, d2);
                }

                TSimd.StoreSums(sums, a0, b0, c0, d0, accumulate: false);
                TSimd.StoreSums(sums + RowQuads.Rows, a1, b1, c1, d1, accumulate: false);
                TSimd.StoreSums(sums + (2 * RowQuads.Rows), a2, b2, c2, d2, accumulate: false);
                Put(sums, to + p, rowLength, add);
                Put(sums + RowQuads.Rows, to + p + 1, rowLength, add);
                Put(sums + (2 * RowQuads.Rows), to + p + 2, rowLength, add);
            }

            if (p + 2 <= end)
            {
                float* x0 = block + (column[p] * blockStride);
                float* x1 = block + (column[p + 1] * blockStride);
                TVector a0, a1, b0, b1, c0, c1, d0, d1;
                a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = TSimd.Broadcast(0);
                for (nint t = 0; t < padded; t += TSimd.Width)
                {
                    TVector u = TSimd.Load(x0 + t);
                    TVector v = TSimd.Load(x1 + t);
                    TVector row = TSimd.Load(dyRows + t);
                    a0 = TSimd.MultiplyAdd(row, u, a0);
                    a1 = TSimd.MultiplyAdd(row, v, a1);
                    row = TSimd.Load(row1 + t);
                    b0 = TSimd.MultiplyAdd(row, u, b0);
                    b1 = TSimd.MultiplyAdd(row, v, b1);
                    row = TSimd.Load(row2 + t);
                    c0 = TSimd.MultiplyAdd(row, u, c0);
                    c1 = TSimd.MultiplyAdd(row, v, c1);
                    row = TSimd.Load(row3 + t);
                    d0 = TSimd.MultiplyAdd(row, u, d0);
                    d1 = TSimd.MultiplyAdd(row, v, d1);
                }

                TSimd.StoreSums(sums, a0, b0, c0, d0, accumulate: false);
                TSimd.StoreSums(sums + RowQuads.Rows, a1, b1, c1, d1, accumulate: false);
                Put(sums, to + p, rowLength, add);
                Put(sums + RowQuads.Rows, to + p + 1, rowLength, add);
                p += 2;
            }

            for (; p < end; p++)
            {
                float* x0 = block + (column[p] * blockStride);
                TVector a, b, c, d;
                a = b = c = d = TSimd.Broadcast(0);
                for (nint t = 0; t < padded; t += TSimd.Width)
                {
                    TVector u = TSimd.Load(x0 + t);
                    a = TSimd.MultiplyAdd(TSimd.Load(dyRows + t), u, a);
                    b = TSimd.MultiplyAdd(TSimd.Load(row1 + t), u, b);
                    c = TSimd.MultiplyAdd(TSimd.Load(row2 + t), u, c);
                    d = TSimd.MultiplyAdd(TSimd.Load(row3 + t), u, d);
                }

                TSimd.StoreSums(sums, a, b, c, d, accumulate: false);
                Put(sums, to + p, rowLength, add);
            }
        }

        // The sums of a column, to its four rows.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Put(float* sums, float* to, nint rowStride, bool add)
        {
            for (int row = 0; row < RowQuads.Rows; row++)
            {
                float* place = to + (row * rowStride);
                *place = add ? *place + sums[row] : sums[row];
            }
        }

        // Zeros up to the end of the last vector: what a matrix holds after its last token is no number.
        private static void CopyTokens(float* from, float* to, int count)
        {
            int whole = count / TSimd.Width * TSimd.Width;
            CopyVectors(from, to, whole);
            if (whole < count)
            {
                TSimd.Store(to + whole, TSimd.Broadcast(0));
                new Span<float>(from + whole, count - whole).CopyTo(new Span<float>(to + whole, count - whole));
            }
        }
    }
}
