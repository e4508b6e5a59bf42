using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The sampled dense-dense product where rows share their columns four by four.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Of a row in one block: the fewer, the more the sums of lanes cost beside the multiply-adds.
    private const int QuadBlockTokens = 512;

    // A line more than a block, so that columns do not meet in the same sets of the cache.
    private const int QuadBlockStride = QuadBlockTokens + LineFloats;

    // As many as half of L2 holds.
    private static readonly int QuadBlockColumns = Math.Max(64, CacheSizes.Level2 / 2 / sizeof(float) / QuadBlockStride);

    private void SddmmQuads(RowQuads quads, in DeviceMatrix dy, in DeviceMatrix x, float* gradient, bool accumulate)
    {
        fixed (int* starts = quads.Starts, columns = quads.Columns, bounds = quads.BoundsOf(QuadBlockColumns))
        {
            int parts = pool.PartsFor(QuadTime(quads, x.Columns), quads.Count, SddmmPartTimes);
            pool.Run(parts, new SddmmQuadsBody(
                quads, starts, columns, bounds, Pointer(dy), dy.Stride, Pointer(x), x.Stride, x.Columns, gradient, accumulate, parts));
        }
    }

    /// <summary>
    /// A share of the rows, over all tokens: blocks of the activations lie packed, and four rows meet three columns at a time, with twelve sums in
    /// registers. Every gradient is summed in the order of the blocks, whatever the partition.
    /// </summary>
    private readonly struct SddmmQuadsBody(
        RowQuads quads, int* starts, int* columns, int* bounds, float* dy, int dyStride, float* x, int xStride, int tokens, float* gradient,
        bool accumulate, int parts) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int firstQuad, int endQuad) = quads.Cut(index, parts);
            if (firstQuad == endQuad)
            {
                return;
            }

            int most = Math.Min(QuadBlockColumns, quads.ColumnCount);
            float* packed = scratch.Take((most + RowQuads.Rows) * QuadBlockStride);
            float* tail = packed + (most * QuadBlockStride);
            for (int token = 0; token < tokens; token += QuadBlockTokens)
            {
                int* ofRange = bounds;
                for (int column = 0; column < quads.ColumnCount; column += QuadBlockColumns, ofRange += quads.Count)
                {
                    AddBlock(firstQuad, endQuad, column, Math.Min(quads.ColumnCount, column + QuadBlockColumns), ofRange, token, packed, tail);
                }
            }
        }

        private void AddBlock(int firstQuad, int endQuad, int firstColumn, int endColumn, int* ofRange, int token, float* packed, float* tail)
        {
            int count = Math.Min(QuadBlockTokens, tokens - token);
            int padded = (count + TSimd.Width - 1) / TSimd.Width * TSimd.Width;
            for (int column = firstColumn; column < endColumn; column++)
            {
                CopyTokens(x + ((nint)column * xStride) + token, packed + ((column - firstColumn) * QuadBlockStride), count);
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

                DotProducts(
                    quad, ofRange[quad], ofRange[quads.Count + quad], rows, stride, packed - ((nint)firstColumn * QuadBlockStride), padded, add);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void DotProducts(int quad, int first, int end, float* dyRows, nint dyRowStride, float* packed, int padded, bool add)
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
                float* x0 = packed + ((nint)column[p] * QuadBlockStride);
                float* x1 = packed + ((nint)column[p + 1] * QuadBlockStride);
                float* x2 = packed + ((nint)column[p + 2] * QuadBlockStride);
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

            for (; p < end; p++)
            {
                float* x0 = packed + ((nint)column[p] * QuadBlockStride);
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
