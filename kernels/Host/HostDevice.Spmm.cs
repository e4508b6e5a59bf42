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
    /// One block of rows. For each tile of tokens the activations are packed once; then, a group of rows at a time, each column
    /// tile's non-zeros are added to the rows' sums, which lie packed in between and reach y with the last tile.
    /// Every output is summed in the order of its columns, whatever the partition.
    /// </summary>
    private readonly struct SpmmBody(
        TiledRows rows, int* starts, ushort* offsets, float* values, float* x, int xStride, float* y, int yStride, int tokens, float* bias, bool accumulate) : IParallelBody
    {
        // The sums of a group, 64 KiB at eight 256-bit vectors a row, stay in L2 while all column tiles pass.
        private const int GroupRows = 256;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int firstRow = rows.Partition.Boundaries[index];
            int endRow = rows.Partition.Boundaries[index + 1];
            if (firstRow == endRow)
            {
                return;
            }

            float* sums = scratch.Take((GroupRows + rows.ColumnCount) * TileTokens);
            float* tiles = sums + (GroupRows * TileTokens);
            for (int token = 0; token < tokens; token += TileTokens)
            {
                int tileTokens = Math.Min(TileTokens, tokens - token);
                Pack(x + token, xStride, rows.ColumnCount, tileTokens, tiles);
                for (int row = firstRow; row < endRow; row += GroupRows)
                {
                    AddGroup(row, Math.Min(row + GroupRows, endRow), tiles, sums, y + ((nint)row * yStride) + token, Padded(tileTokens) / TSimd.Width);
                }
            }
        }

        private void AddGroup(int firstRow, int endRow, float* tiles, float* sums, float* output, int vectors)
        {
            for (int t = 0; t < rows.Tiles; t++)
            {
                RowSumsAt at = new(
                    t > 0 ? sums : accumulate ? output : null, t > 0 ? TileTokens : yStride,
                    t < rows.Tiles - 1 ? sums : output, t < rows.Tiles - 1 ? TileTokens : yStride);
                float* tile = tiles + (t * rows.Width * TileTokens);
                int done = 0;
                if (vectors == TileVectors)
                {
                    AddRows8(firstRow, endRow, t, tile, at);
                    done = TileVectors;
                }

                if (vectors - done >= 4)
                {
                    AddRows4(firstRow, endRow, t, tile, at);
                    done = 4;
                }

                for (; done < vectors; done++)
                {
                    AddRows1(firstRow, endRow, t, tile + (done * TSimd.Width), at.From(done * TSimd.Width));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddRows8(int firstRow, int endRow, int t, float* tile, RowSumsAt at)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = at.Source is not null;
            for (int row = firstRow; row < endRow; row++)
            {
                int p = begin[row];
                int last = end[row];
                if (p == last && at.Source == at.Destination)
                {
                    continue;
                }

                float* source = at.Source + ((row - firstRow) * at.SourceStride);
                float* to = at.Destination + ((row - firstRow) * at.DestinationStride);
                TVector a0, a1, a2, a3, a4, a5, a6, a7;
                if (load)
                {
                    a0 = TSimd.Load(source);
                    a1 = TSimd.Load(source + TSimd.Width);
                    a2 = TSimd.Load(source + (2 * TSimd.Width));
                    a3 = TSimd.Load(source + (3 * TSimd.Width));
                    a4 = TSimd.Load(source + (4 * TSimd.Width));
                    a5 = TSimd.Load(source + (5 * TSimd.Width));
                    a6 = TSimd.Load(source + (6 * TSimd.Width));
                    a7 = TSimd.Load(source + (7 * TSimd.Width));
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
        private void AddRows4(int firstRow, int endRow, int t, float* tile, RowSumsAt at)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = at.Source is not null;
            for (int row = firstRow; row < endRow; row++)
            {
                float* source = at.Source + ((row - firstRow) * at.SourceStride);
                float* to = at.Destination + ((row - firstRow) * at.DestinationStride);
                TVector a0, a1, a2, a3;
                if (load)
                {
                    a0 = TSimd.Load(source);
                    a1 = TSimd.Load(source + TSimd.Width);
                    a2 = TSimd.Load(source + (2 * TSimd.Width));
                    a3 = TSimd.Load(source + (3 * TSimd.Width));
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
        private void AddRows1(int firstRow, int endRow, int t, float* tile, RowSumsAt at)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* places = offsets;
            int* begin = starts + ((nint)t * rows.Rows);
            int* end = begin + rows.Rows;
            bool load = at.Source is not null;
            for (int row = firstRow; row < endRow; row++)
            {
                float* source = at.Source + ((row - firstRow) * at.SourceStride);
                float* to = at.Destination + ((row - firstRow) * at.DestinationStride);
                TVector sum = load ? TSimd.Load(source) : TSimd.Broadcast(bias is null ? 0 : bias[row]);
                for (int p = begin[row]; p < end[row]; p++)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Broadcast(weights[p]), TSimd.Load(tile + places[p]), sum);
                }

                TSimd.Store(to, sum);
            }
        }
    }

    /// <summary>Where a group of rows' sums are read from (null starts them from the bias) and written to, for its first row.</summary>
    private readonly struct RowSumsAt(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        public readonly float* Source = source, Destination = destination;
        public readonly nint SourceStride = sourceStride, DestinationStride = destinationStride;

        /// <summary>The same for the tokens from <paramref name="token"/> on.</summary>
        public RowSumsAt From(int token) => new(Source is null ? null : Source + token, SourceStride, Destination + token, DestinationStride);
    }
}
