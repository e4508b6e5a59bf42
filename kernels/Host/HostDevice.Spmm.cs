using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Sparse times dense, both orientations.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // One float a non-zero in firing order: values for a product, gradients from one. One buffer serves all weights in turn.
    private HostBuffer<float>? fired;

    /// <inheritdoc/>
    public override void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        float* values = Pointer(weight.Values, pattern.Csr.NonZeros, nameof(weight));
        float* biases = bias is null ? null : Pointer(bias, weight.Rows, nameof(bias));
        float* inOrder = Fired(pattern);
        pool.Run(pattern.Forward.Partition.Blocks, new GatherBody(pattern.Forward, values, inOrder));
        Spmm(pattern.Forward, inOrder, x, y, biases, accumulate: false);
    }

    /// <inheritdoc/>
    public override void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        int nonZeros = pattern.Csr.NonZeros;
        float* values = Pointer(weight.Values, nonZeros, nameof(weight));
        float* inOrder = Fired(pattern);
        fixed (int* sources = pattern.TransposedSources)
        {
            pool.Run(pool.Workers, new GatherTransposedBody(values, sources, inOrder, nonZeros, pool.Workers));
        }

        Spmm(pattern.Transposed, inOrder, dy, dx, null, accumulate);
    }

    private static HostPattern PatternOf(SparsePattern pattern) =>
        pattern as HostPattern is { } host && host.TileTokens == TileTokens
            ? host
            : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));

    private float* Fired(HostPattern pattern) => Reserve(ref fired, pattern.Csr.NonZeros).Pointer;

    private void Spmm(FiringOrder order, float* values, in DeviceMatrix x, in DeviceMatrix y, float* bias, bool accumulate)
    {
        int tokens = x.Columns;
        float* input = Activations(x, order.ColumnCount, tokens, nameof(x));
        float* output = Activations(y, order.Rows, tokens, nameof(y));
        fixed (ushort* lengths = order.Lengths)
        fixed (ushort* offsets = order.Offsets)
        {
            pool.Run(pool.Workers, new SpmmBody(
                order, lengths, offsets, values, input, x.Stride, output, y.Stride, tokens, bias, accumulate, pool.Workers));
        }
    }

    private readonly struct GatherBody(FiringOrder order, float* values, float* fired) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) =>
            order.Gather(index, new ReadOnlySpan<float>(values, order.Offsets.Length), new Span<float>(fired, order.Offsets.Length));
    }

    private readonly struct GatherTransposedBody(float* values, int* sources, float* fired, int count, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int end = (int)((long)count * (index + 1) / parts);
            for (int p = (int)((long)count * index / parts); p < end; p++)
            {
                fired[p] = values[sources[p]];
            }
        }
    }

    /// <summary>
    /// A worker's share of the schedule: blocks of rows over tiles of tokens, tile after tile, so that a worker packs no more than
    /// its share of the activations. Within a tile, a group of rows at a time, each column tile's non-zeros are added to the rows'
    /// sums, which lie packed in between and reach y with the last tile.
    /// Every output is summed in the order of its columns, whatever the partition.
    /// </summary>
    private readonly struct SpmmBody(
        FiringOrder order, ushort* lengths, ushort* offsets, float* values, float* x, int xStride, float* y, int yStride, int tokens, float* bias,
        bool accumulate, int workers) : IParallelBody
    {
        private const int GroupRows = FiringOrder.GroupRows;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* sums = scratch.Take((GroupRows + order.ColumnCount) * TileTokens);
            float* tiles = sums + (GroupRows * TileTokens);
            int blocks = order.Partition.Blocks;
            long items = (long)blocks * ((tokens + TileTokens - 1) / TileTokens);
            int packed = -1;
            for (long item = items * index / workers; item < items * (index + 1) / workers; item++)
            {
                int token = (int)(item / blocks) * TileTokens;
                int block = (int)(item % blocks);
                int tileTokens = Math.Min(TileTokens, tokens - token);
                if (token != packed)
                {
                    Pack(x + token, xStride, order.ColumnCount, tileTokens, tiles);
                    packed = token;
                }

                int endRow = order.Partition.Boundaries[block + 1];
                for (int row = order.Partition.Boundaries[block]; row < endRow; row += GroupRows)
                {
                    AddGroup(row, Math.Min(GroupRows, endRow - row), tiles, sums, y + ((nint)row * yStride) + token, Padded(tileTokens) / TSimd.Width);
                }
            }
        }

        private void AddGroup(int firstRow, int rows, float* tiles, float* sums, float* output, int vectors)
        {
            int next = order.RowPointers[firstRow];
            for (int t = 0; t < order.Tiles; t++)
            {
                TileRows at = new(
                    firstRow, rows, lengths + (firstRow * order.Tiles) + (t * rows), next,
                    t > 0 ? sums : accumulate ? output : null, t > 0 ? TileTokens : yStride,
                    t < order.Tiles - 1 ? sums : output, t < order.Tiles - 1 ? TileTokens : yStride);
                float* tile = tiles + (t * order.Width * TileTokens);
                int done = 0;
                if (vectors == TileVectors)
                {
                    next = AddRows8(at, tile);
                    done = TileVectors;
                }

                if (vectors - done >= 4)
                {
                    next = AddRows4(at, tile);
                    done = 4;
                }

                for (; done < vectors; done++)
                {
                    next = AddRows1(at.From(done * TSimd.Width), tile + (done * TSimd.Width));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows8(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
                if (p == last && source == to)
                {
                    continue;
                }

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
                    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + columns[p];
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

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows4(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
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
                    a0 = a1 = a2 = a3 = TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                }

                for (; p < last; p++)
                {
                    TVector value = TSimd.Broadcast(weights[p]);
                    float* from = tile + columns[p];
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

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int AddRows1(in TileRows rows, float* tile)
        {
            // Locals, so that the loop over the non-zeros keeps them in registers.
            float* weights = values;
            ushort* columns = offsets;
            ushort* counts = rows.Counts;
            float* source = rows.Source;
            float* to = rows.Destination;
            nint sourceStride = rows.SourceStride, toStride = rows.DestinationStride;
            bool load = source is not null;
            int p = rows.FirstNonZero;
            for (int i = 0; i < rows.Count; i++, source += sourceStride, to += toStride)
            {
                int last = p + counts[i];
                TVector sum = load ? TSimd.Load(source) : TSimd.Broadcast(bias is null ? 0 : bias[rows.First + i]);
                for (; p < last; p++)
                {
                    sum = TSimd.MultiplyAdd(TSimd.Broadcast(weights[p]), TSimd.Load(tile + columns[p]), sum);
                }

                TSimd.Store(to, sum);
            }

            return p;
        }
    }

    /// <summary>A group's rows in one tile, and where their sums are read from (null starts them from the bias) and written to.</summary>
    private readonly struct TileRows(
        int first, int count, ushort* counts, int firstNonZero, float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        public readonly int First = first, Count = count, FirstNonZero = firstNonZero;
        public readonly ushort* Counts = counts;
        public readonly float* Source = source, Destination = destination;
        public readonly nint SourceStride = sourceStride, DestinationStride = destinationStride;

        /// <summary>The same for the tokens from <paramref name="token"/> on.</summary>
        public TileRows From(int token) =>
            new(First, Count, Counts, FirstNonZero, Source is null ? null : Source + token, SourceStride, Destination + token, DestinationStride);
    }
}
