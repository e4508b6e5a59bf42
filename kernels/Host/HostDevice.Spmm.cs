using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Sparse times dense, both orientations.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // The transposed product reads its values in the transpose's order; one array serves all weights in turn.
    private HostBuffer<float> transposedValues = new(0);

    /// <inheritdoc/>
    public override void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        float* values = Pointer(weight.Values, weight.Pattern.Csr.NonZeros, nameof(weight));
        float* biases = bias is null ? null : Pointer(bias, weight.Rows, nameof(bias));
        Spmm(pattern.Forward, values, x, y, biases, accumulate: false);
    }

    /// <inheritdoc/>
    public override void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        int nonZeros = pattern.Csr.NonZeros;
        float* values = Pointer(weight.Values, nonZeros, nameof(weight));
        if (transposedValues.Length < nonZeros)
        {
            transposedValues.Dispose();
            transposedValues = new HostBuffer<float>(nonZeros);
        }

        fixed (int* permutation = pattern.Permutation)
        {
            pool.Run(pool.Workers, new GatherBody(values, permutation, transposedValues.Pointer, nonZeros, pool.Workers));
        }

        Spmm(pattern.Transposed, transposedValues.Pointer, dy, dx, null, accumulate);
    }

    private static HostPattern PatternOf(SparsePattern pattern) =>
        pattern as HostPattern is { } host && host.TileTokens == TileTokens
            ? host
            : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));

    private void Spmm(TiledRows rows, float* values, in DeviceMatrix x, in DeviceMatrix y, float* bias, bool accumulate)
    {
        int tokens = x.Columns;
        float* input = Activations(x, rows.ColumnCount, tokens, nameof(x));
        float* output = Activations(y, rows.Rows, tokens, nameof(y));
        fixed (int* starts = rows.Starts)
        fixed (ushort* offsets = rows.Offsets)
        {
            pool.Run(rows.Partition.Blocks, new SpmmBody(rows, starts, offsets, values, input, x.Stride, output, y.Stride, tokens, bias, accumulate));
        }
    }

    private readonly struct GatherBody(float* source, int* permutation, float* destination, int count, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int end = (int)((long)count * (index + 1) / parts);
            for (int p = (int)((long)count * index / parts); p < end; p++)
            {
                destination[p] = source[permutation[p]];
            }
        }
    }

    /// <summary>
    /// One block of rows: for each tile of tokens and of columns, packs the activations once, then adds each row's non-zeros
    /// of the tile to its accumulators. Every output is summed in the order of its columns, whatever the partition.
    /// </summary>
    private readonly struct SpmmBody(
        TiledRows rows, int* starts, ushort* offsets, float* values, float* x, int xStride, float* y, int yStride, int tokens, float* bias, bool accumulate) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int firstRow = rows.Partition.Boundaries[index];
            int endRow = rows.Partition.Boundaries[index + 1];
            if (firstRow == endRow)
            {
                return;
            }

            float* tile = scratch.Take(rows.Width * TileTokens);
            for (int token = 0; token < tokens; token += TileTokens)
            {
                int tileTokens = Math.Min(TileTokens, tokens - token);
                for (int t = 0; t < rows.Tiles; t++)
                {
                    int firstColumn = t * rows.Width;
                    int columns = Math.Min(rows.Width, rows.ColumnCount - firstColumn);
                    Pack(x + ((nint)firstColumn * xStride) + token, xStride, columns, tileTokens, tile);
                    AddTile(firstRow, endRow, t, tile, y + token, Padded(tileTokens) / TSimd.Width);
                }
            }
        }

        private void AddTile(int firstRow, int endRow, int t, float* tile, float* output, int vectors)
        {
            int done = 0;
            for (; vectors - done >= 8; done += 8)
            {
                AddRows8(firstRow, endRow, t, tile, output);
            }

            int column = done * TSimd.Width;
            if (vectors - done >= 4)
            {
                AddRows4(firstRow, endRow, t, tile + column, output + column);
                done += 4;
                column += 4 * TSimd.Width;
            }

            for (; done < vectors; done++, column += TSimd.Width)
            {
                AddRows1(firstRow, endRow, t, tile + column, output + column);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddRows8(int firstRow, int endRow, int t, float* tile, float* output)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = accumulate || t > 0;
            for (int row = firstRow; row < endRow; row++)
            {
                int p = begin[row];
                int last = end[row];
                if (p == last && load)
                {
                    continue;
                }

                float* to = output + ((nint)row * yStride);
                TVector a0, a1, a2, a3, a4, a5, a6, a7;
                if (load)
                {
                    a0 = TSimd.Load(to);
                    a1 = TSimd.Load(to + TSimd.Width);
                    a2 = TSimd.Load(to + (2 * TSimd.Width));
                    a3 = TSimd.Load(to + (3 * TSimd.Width));
                    a4 = TSimd.Load(to + (4 * TSimd.Width));
                    a5 = TSimd.Load(to + (5 * TSimd.Width));
                    a6 = TSimd.Load(to + (6 * TSimd.Width));
                    a7 = TSimd.Load(to + (7 * TSimd.Width));
                }
                else
                {
                    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = TSimd.Broadcast(bias is null ? 0 : bias[row]);
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + places[p];
                    a0 = TSimd.MultiplyAdd(value, TSimd.Load(from), a0);
                    a1 = TSimd.MultiplyAdd(value, TSimd.Load(from + TSimd.Width), a1);
                    a2 = TSimd.MultiplyAdd(value, TSimd.Load(from + (2 * TSimd.Width)), a2);
                    a3 = TSimd.MultiplyAdd(value, TSimd.Load(from + (3 * TSimd.Width)), a3);
                    a4 = TSimd.MultiplyAdd(value, TSimd.Load(from + (4 * TSimd.Width)), a4);
                    a5 = TSimd.MultiplyAdd(value, TSimd.Load(from + (5 * TSimd.Width)), a5);
                    a6 = TSimd.MultiplyAdd(value, TSimd.Load(from + (6 * TSimd.Width)), a6);
                    a7 = TSimd.MultiplyAdd(value, TSimd.Load(from + (7 * TSimd.Width)), a7);
                }

                TSimd.Store(to, a0);
                TSimd.Store(to + TSimd.Width, a1);
                TSimd.Store(to + (2 * TSimd.Width), a2);
                TSimd.Store(to + (3 * TSimd.Width), a3);
                TSimd.Store(to + (4 * TSimd.Width), a4);
                TSimd.Store(to + (5 * TSimd.Width), a5);
                TSimd.Store(to + (6 * TSimd.Width), a6);
                TSimd.Store(to + (7 * TSimd.Width), a7);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddRows4(int firstRow, int endRow, int t, float* tile, float* output)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = accumulate || t > 0;
            for (int row = firstRow; row < endRow; row++)
            {
                float* to = output + ((nint)row * yStride);
                TVector a0, a1, a2, a3;
                if (load)
                {
                    a0 = TSimd.Load(to);
                    a1 = TSimd.Load(to + TSimd.Width);
                    a2 = TSimd.Load(to + (2 * TSimd.Width));
                    a3 = TSimd.Load(to + (3 * TSimd.Width));
                }
                else
                {
                    a0 = a1 = a2 = a3 = TSimd.Broadcast(bias is null ? 0 : bias[row]);
                }

                for (int p = begin[row]; p < end[row]; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + places[p];
                    a0 = TSimd.MultiplyAdd(value, TSimd.Load(from), a0);
                    a1 = TSimd.MultiplyAdd(value, TSimd.Load(from + TSimd.Width), a1);
                    a2 = TSimd.MultiplyAdd(value, TSimd.Load(from + (2 * TSimd.Width)), a2);
                    a3 = TSimd.MultiplyAdd(value, TSimd.Load(from + (3 * TSimd.Width)), a3);
                }

                TSimd.Store(to, a0);
                TSimd.Store(to + TSimd.Width, a1);
                TSimd.Store(to + (2 * TSimd.Width), a2);
                TSimd.Store(to + (3 * TSimd.Width), a3);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddRows1(int firstRow, int endRow, int t, float* tile, float* output)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = accumulate || t > 0;
            for (int row = firstRow; row < endRow; row++)
            {
                float* to = output + ((nint)row * yStride);
                TVector sum = load ? TSimd.Load(to) : TSimd.Broadcast(bias is null ? 0 : bias[row]);
                for (int p = begin[row]; p < end[row]; p++)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Broadcast(weights[p]), TSimd.Load(tile + places[p]), sum);
                }

                TSimd.Store(to, sum);
            }
        }
    }
}
