using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>The sampled dense-dense product: a sparse weight's gradient.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    public override void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        TiledRows rows = PatternOf(pattern).Forward;
        int tokens = x.Columns;
        float* output = Pointer(gradient, pattern.Csr.NonZeros, nameof(gradient));
        float* left = Activations(dy, rows.Rows, tokens, nameof(dy));
        float* right = Activations(x, rows.ColumnCount, tokens, nameof(x));
        if (tokens == 0 && !accumulate)
        {
            gradient.Clear();
        }

        fixed (int* starts = rows.Starts)
        fixed (ushort* offsets = rows.Offsets)
        {
            pool.Run(rows.Partition.Blocks, new SddmmBody(rows, starts, offsets, left, dy.Stride, right, x.Stride, tokens, output, accumulate));
        }
    }

    /// <summary>
    /// One block of rows. For each tile of tokens the activations are packed once; then, a group of rows at a time, a row of dy
    /// stays in registers while its dot products with a column tile's activations are taken, four at a time. Every gradient is
    /// summed in the order of the token tiles, whatever the partition.
    /// </summary>
    private readonly struct SddmmBody(
        TiledRows rows, int* starts, ushort* offsets, float* dy, int dyStride, float* x, int xStride, int tokens, float* gradient, bool accumulate) : IParallelBody
    {
        private const int GroupRows = 128;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int firstRow = rows.Partition.Boundaries[index];
            int endRow = rows.Partition.Boundaries[index + 1];
            if (firstRow == endRow)
            {
                return;
            }

            float* group = scratch.Take((GroupRows + rows.ColumnCount) * TileTokens);
            float* tiles = group + (GroupRows * TileTokens);
            for (int token = 0; token < tokens; token += TileTokens)
            {
                int tileTokens = Math.Min(TileTokens, tokens - token);
                bool add = accumulate || token > 0;
                Pack(x + token, xStride, rows.ColumnCount, tileTokens, tiles);
                for (int row = firstRow; row < endRow; row += GroupRows)
                {
                    int end = Math.Min(row + GroupRows, endRow);
                    Pack(dy + ((nint)row * dyStride) + token, dyStride, end - row, tileTokens, group);
                    for (int t = 0; t < rows.Tiles; t++)
                    {
                        AddGroup(row, end, t, group, tiles + (t * rows.Width * TileTokens), tileTokens, add);
                    }
                }
            }
        }

        private void AddGroup(int firstRow, int endRow, int t, float* group, float* tile, int tileTokens, bool add)
        {
            for (int row = firstRow; row < endRow; row++)
            {
                float* dyRow = group + ((row - firstRow) * TileTokens);
                if (tileTokens == TileTokens)
                {
                    DotProducts(row, t, dyRow, tile, add);
                }
                else
                {
                    PartialDotProducts(row, t, dyRow, tile, Padded(tileTokens), add);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void DotProducts(int row, int t, float* dyRow, float* tile, bool add)
        {
            int p = starts[(t * rows.Rows) + row];
            int last = starts[((t + 1) * rows.Rows) + row];
            if (p == last)
            {
                return;
            }

            // Locals, so that the loop over the non-zeros keeps them in registers.
            ushort* places = offsets;
            float* sums = gradient;
            TVector d0 = TSimd.Load(dyRow);
            TVector d1 = TSimd.Load(dyRow + TSimd.Width);
            TVector d2 = TSimd.Load(dyRow + (2 * TSimd.Width));
            TVector d3 = TSimd.Load(dyRow + (3 * TSimd.Width));
            TVector d4 = TSimd.Load(dyRow + (4 * TSimd.Width));
            TVector d5 = TSimd.Load(dyRow + (5 * TSimd.Width));
            TVector d6 = TSimd.Load(dyRow + (6 * TSimd.Width));
            TVector d7 = TSimd.Load(dyRow + (7 * TSimd.Width));
            for (; p + 4 <= last; p += 4)
            {
                float* xa = tile + places[p];
                float* xb = tile + places[p + 1];
                float* xc = tile + places[p + 2];
                float* xd = tile + places[p + 3];
                TVector a = TSimd.Multiply(d0, TSimd.Load(xa));
                TVector b = TSimd.Multiply(d0, TSimd.Load(xb));
                TVector c = TSimd.Multiply(d0, TSimd.Load(xc));
                TVector d = TSimd.Multiply(d0, TSimd.Load(xd));
                a = TSimd.MultiplyAdd(d1, TSimd.Load(xa + TSimd.Width), a);
                b = TSimd.MultiplyAdd(d1, TSimd.Load(xb + TSimd.Width), b);
                c = TSimd.MultiplyAdd(d1, TSimd.Load(xc + TSimd.Width), c);
                d = TSimd.MultiplyAdd(d1, TSimd.Load(xd + TSimd.Width), d);
                a = TSimd.MultiplyAdd(d2, TSimd.Load(xa + (2 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d2, TSimd.Load(xb + (2 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d2, TSimd.Load(xc + (2 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d2, TSimd.Load(xd + (2 * TSimd.Width)), d);
                a = TSimd.MultiplyAdd(d3, TSimd.Load(xa + (3 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d3, TSimd.Load(xb + (3 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d3, TSimd.Load(xc + (3 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d3, TSimd.Load(xd + (3 * TSimd.Width)), d);
                a = TSimd.MultiplyAdd(d4, TSimd.Load(xa + (4 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d4, TSimd.Load(xb + (4 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d4, TSimd.Load(xc + (4 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d4, TSimd.Load(xd + (4 * TSimd.Width)), d);
                a = TSimd.MultiplyAdd(d5, TSimd.Load(xa + (5 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d5, TSimd.Load(xb + (5 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d5, TSimd.Load(xc + (5 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d5, TSimd.Load(xd + (5 * TSimd.Width)), d);
                a = TSimd.MultiplyAdd(d6, TSimd.Load(xa + (6 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d6, TSimd.Load(xb + (6 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d6, TSimd.Load(xc + (6 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d6, TSimd.Load(xd + (6 * TSimd.Width)), d);
                a = TSimd.MultiplyAdd(d7, TSimd.Load(xa + (7 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d7, TSimd.Load(xb + (7 * TSimd.Width)), b);
                c = TSimd.MultiplyAdd(d7, TSimd.Load(xc + (7 * TSimd.Width)), c);
                d = TSimd.MultiplyAdd(d7, TSimd.Load(xd + (7 * TSimd.Width)), d);
                TSimd.StoreSums(sums + p, a, b, c, d, add);
            }

            for (; p < last; p++)
            {
                float* xa = tile + places[p];
                TVector a = TSimd.Multiply(d0, TSimd.Load(xa));
                TVector b = TSimd.Multiply(d1, TSimd.Load(xa + TSimd.Width));
                a = TSimd.MultiplyAdd(d2, TSimd.Load(xa + (2 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d3, TSimd.Load(xa + (3 * TSimd.Width)), b);
                a = TSimd.MultiplyAdd(d4, TSimd.Load(xa + (4 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d5, TSimd.Load(xa + (5 * TSimd.Width)), b);
                a = TSimd.MultiplyAdd(d6, TSimd.Load(xa + (6 * TSimd.Width)), a);
                b = TSimd.MultiplyAdd(d7, TSimd.Load(xa + (7 * TSimd.Width)), b);
                float sum = TSimd.Sum(TSimd.Add(a, b));
                sums[p] = add ? sums[p] + sum : sum;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void PartialDotProducts(int row, int t, float* dyRow, float* tile, int padded, bool add)
        {
            int last = starts[((t + 1) * rows.Rows) + row];
            for (int p = starts[(t * rows.Rows) + row]; p < last; p++)
            {
                float* xa = tile + offsets[p];
                TVector sum = TSimd.Broadcast(0);
                for (int i = 0; i < padded; i += TSimd.Width)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Load(dyRow + i), TSimd.Load(xa + i), sum);
                }

                float total = TSimd.Sum(sum);
                gradient[p] = add ? gradient[p] + total : total;
            }
        }
    }
}
