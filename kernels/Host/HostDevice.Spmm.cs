using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Sparse times dense, both orientations.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // One float a non-zero in firing order: values for a product, gradients from one. One buffer serves all weights in turn.
    private HostBuffer<float>? fired;

    /// <inheritdoc/>
    private protected override void SpmmCore(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        float* values = Pointer(weight.Values);
        if (ComputesDense(SparseProduct.Spmm, pattern.Csr, x.Columns))
        {
            GemmCore(GemmLayout.Normal, Fill(pattern, values), x, y, accumulate: false);
            if (bias is not null)
            {
                AddBiasCore(y, bias);
            }

            return;
        }

        float* biases = bias is null ? null : Pointer(bias);
        if (x.Columns == 1)
        {
            MatrixVector(pattern, values, x, y, biases);
            return;
        }

        if (pattern.Quads is { } quads)
        {
            SpmmQuads(quads, values, x, y, biases);
            return;
        }

        float* inOrder = Fired(pattern);
        pool.Run(pattern.Forward.Partition.Blocks, new GatherBody(pattern.Forward, values, inOrder), GatherTime(pattern));
        Spmm(pattern.Forward, inOrder, x, y, biases, accumulate: false);
    }

    /// <inheritdoc/>
    private protected override void SpmmTransposedCore(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate)
    {
        HostPattern pattern = PatternOf(weight.Pattern);
        float* values = Pointer(weight.Values);
        if (ComputesDense(SparseProduct.SpmmTransposed, pattern.Csr, dy.Columns))
        {
            GemmCore(GemmLayout.TransposedA, Fill(pattern, values), dy, dx, accumulate);
            return;
        }

        if (pattern.Quads is { } quads)
        {
            SpmmQuadsTransposed(quads, values, dy, dx, accumulate);
            return;
        }

        FiringOrder order = pattern.Transposed!;
        float* inOrder = Fired(pattern);
        pool.Run(order.Partition.Blocks, new GatherTransposedBody(pattern.TransposedGather!, values, inOrder), GatherTime(pattern));
        Spmm(order, inOrder, dy, dx, null, accumulate);
    }

    private static HostPattern PatternOf(SparsePattern pattern) =>
        pattern as HostPattern is { } host && host.StripTokens == StripTokens
            ? host
            : throw new ArgumentException("the pattern was not prepared by this device", nameof(pattern));

    private static long GatherTime(HostPattern pattern) => pattern.Csr.NonZeros;

    private float* Fired(HostPattern pattern) => Reserve(ref fired, pattern.Csr.NonZeros).Pointer;

    private void Spmm(FiringOrder order, float* values, in DeviceMatrix x, in DeviceMatrix y, float* bias, bool accumulate)
    {
        int tokens = x.Columns;
        float* input = Pointer(x);
        float* output = Pointer(y);
        fixed (byte* rowOrder = order.RowOrder)
        fixed (ushort* lengths = order.Lengths)
        fixed (ushort* offsets = order.Offsets)
        {
            int parts = SpmmParts(order, tokens);
            pool.Run(
                parts, new SpmmBody(order, rowOrder, lengths, offsets, values, input, x.Stride, output, y.Stride, tokens, bias, accumulate, parts));
        }
    }

    // Whole tiles of tokens, or as many of their rows as a pass takes: activations are packed as often as with one part. Where there are more
    // workers, each packs for its own rows.
    private int SpmmParts(FiringOrder order, int tokens)
    {
        int tiles = TilesOf(tokens, order.Strips * StripTokens);
        int most = Math.Max(tiles * ((order.Rows + PassRows - 1) / PassRows), Math.Min(pool.Workers, tiles * order.GroupCount));
        return pool.PartsFor(ProductTime(order, tokens), most);
    }

    private static long ProductTime(FiringOrder order, int tokens) =>
        MultiplyAdds((order.NonZeros + (double)order.RowCost * order.Rows) * DeviceMatrix.Padded(tokens));

    private readonly struct GatherBody(FiringOrder order, float* values, float* fired) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => order.Walk(index, new GatherPieces(values, fired));
    }

    private readonly struct GatherTransposedBody(TransposedGather gather, float* values, float* fired) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => gather.Run(index, values, fired, scratch);
    }

    /// <summary>
    /// A share of the schedule: groups of rows over tiles of tokens, tile after tile, so that a part packs no more than
    /// its share of the activations. Within a tile, a pass of rows at a time, each column tile's non-zeros are added to the rows'
    /// sums, which lie packed in between and reach y with the last tile.
    /// Every output is summed in the order of its columns, whatever the partition.
    /// </summary>
    private readonly partial struct SpmmBody(
        FiringOrder order, byte* rowOrder, ushort* lengths, ushort* offsets, float* values, float* x, int xStride, float* y, int yStride, int tokens,
        float* bias, bool accumulate, int parts) : IParallelBody
    {
        private readonly int tileTokens = order.Strips * StripTokens;

        public void Invoke(int index, WorkerScratch scratch)
        {
            float* sums = scratch.Take((PassRows + order.ColumnCount) * tileTokens);
            int tiles = TilesOf(tokens, tileTokens);
            (int tile, int group) = order.Cut(index, parts, tiles);
            (int lastTile, int lastGroup) = order.Cut(index + 1, parts, tiles);
            for (; tile <= lastTile; tile++, group = 0)
            {
                int end = tile < lastTile ? order.GroupCount : lastGroup;
                if (group < end)
                {
                    AddGroups(group, end, tile, sums);
                }
            }
        }

        private void AddGroups(int firstGroup, int endGroup, int tokenTile, float* sums)
        {
            int token = TileStart(tokenTile, tokens, tileTokens);
            int count = TileStart(tokenTile + 1, tokens, tileTokens) - token;
            float* tiles = sums + (PassRows * tileTokens);

            // Where one pass takes all rows, each tile is packed when its turn comes and forgotten; else all tiles serve pass after pass.
            RowPass pass = new(order, firstGroup, endGroup, PassRows);
            bool any = pass.MoveNext();
            bool pack = pass.IsLast;
            if (!pack)
            {
                for (int t = 0; t < order.Tiles; t++)
                {
                    PackTiles(order, t, t + 1, x, xStride, token, count, tiles + ((nint)t * order.Width * tileTokens));
                }
            }

            for (; any; any = pass.MoveNext())
            {
                AddPass(pass, token, count, sums, tiles, pack);
            }
        }

        private void AddPass(in RowPass pass, int token, int count, float* sums, float* tiles, bool pack)
        {
            Span<int> next = stackalloc int[pass.Groups];
            order.FirstNonZeros(pass.FirstGroup, 0, next);
            for (int t = 0; t < order.Tiles; t++)
            {
                float* tile = pack ? tiles : tiles + ((nint)t * order.Width * tileTokens);
                if (pack)
                {
                    PackTiles(order, t, t + 1, x, xStride, token, count, tile);
                }

                for (int group = pass.FirstGroup; group < pass.EndGroup; group++)
                {
                    ref int position = ref next[group - pass.FirstGroup];
                    position = AddGroup(
                        group, t, position, tile, sums + (pass.RowOf(group) * tileTokens), token, DeviceMatrix.Padded(count) / TSimd.Width);
                }
            }
        }

        private int AddGroup(int group, int t, int position, float* tile, float* sums, int token, int vectors)
        {
            int firstRow = order.Groups[group];
            int count = order.Groups[group + 1] - firstRow;
            float* output = y + ((nint)firstRow * yStride) + token;
            bool isLast = t == order.Tiles - 1;

            // So large an output has left L2 before anything reads it: written past the caches, its lines are not fetched first.
            bool pastCaches = isLast && (long)order.Rows * yStride * sizeof(float) > CacheSizes.Level2 / 2;
            int firstTurn = (firstRow * order.Tiles) + (t * count);
            TileRows rows = new(
                firstRow, count, rowOrder + firstTurn, lengths + firstTurn, position,
                t > 0 ? sums : accumulate ? output : null, t > 0 ? tileTokens : yStride, isLast ? output : sums, isLast ? yStride : tileTokens);
            nint stripStride = (nint)order.ColumnsOf(t, t + 1) * StripTokens;
            if (vectors == TileVectors)
            {
                return AddRows8(rows, tile, stripStride, pastCaches);
            }

            int next = position;
            int done = 0;
            for (; done + StripVectors <= vectors; done += StripVectors, tile += stripStride)
            {
                next = AddRows4(rows.From(done * TSimd.Width), tile, pastCaches);
            }

            for (; done < vectors; done++, tile += TSimd.Width)
            {
                next = AddRows1(rows.From(done * TSimd.Width), tile);
            }

            return next;
        }
    }
}
