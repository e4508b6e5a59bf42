using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The sampled dense-dense product: a sparse weight's gradient.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // How much longer a part may be than elsewhere.
    private const int SddmmPartTimes = 40;

    /// <inheritdoc/>
    private protected override void SddmmCore(
        SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate)
    {
        HostPattern host = PatternOf(pattern);
        FiringOrder order = host.Forward;
        int tokens = x.Columns;
        float* output = Pointer(gradient);
        if (ComputesDense(SparseProduct.Sddmm, pattern.Csr, tokens))
        {
            DeviceMatrix product = FilledMatrix(pattern.Csr);
            GemmCore(GemmLayout.TransposedB, dy, x, product, accumulate: false);
            Sample(host, product, output, accumulate);
            return;
        }

        float* left = Pointer(dy);
        float* right = Pointer(x);
        if (tokens == 0)
        {
            if (!accumulate)
            {
                gradient.Clear();
            }

            return;
        }

        if (host.Quads is { } quads)
        {
            SddmmQuads(quads, dy, x, output, accumulate);
            return;
        }

        fixed (byte* rowOrder = order.RowOrder)
        fixed (ushort* lengths = order.Lengths)
        fixed (ushort* offsets = order.Offsets)
        {
            float* fired = Fired(host);
            SddmmCut cut = host.SddmmParts(SddmmParts(order, tokens));
            pool.Run(cut.Parts, new SddmmBody(order, cut, rowOrder, lengths, offsets, left, dy.Stride, right, x.Stride, tokens, fired));
            pool.Run(order.Partition.Blocks, new ScatterBody(order, fired, output, accumulate), GatherTime(host));
        }
    }

    // No more than there are workers, unless parts get very long: each packs activations for itself.
    private int SddmmParts(FiringOrder order, int tokens)
    {
        int most = (int)Math.Min((long)order.GroupCount * order.Tiles, int.MaxValue);
        return pool.PartsFor(ProductTime(order, tokens), most, SddmmPartTimes);
    }

    private readonly struct ScatterBody(FiringOrder order, float* fired, float* gradient, bool accumulate) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (accumulate)
            {
                order.Walk(index, new AddPieces(fired, gradient));
            }
            else
            {
                order.Walk(index, new ScatterPieces(fired, gradient));
            }
        }
    }

    /// <summary>
    /// A share of the rows and of the column tiles, over all tokens. Where the rows fit one pass, they meet one column tile after the other, each
    /// packed just before; else as many tiles are packed as the L2 cache holds, and serve one group of rows after the other. A row of dy, read where
    /// it lies, stays in registers while its dot products with the tile's activations are taken, four at a time. Every gradient is summed in the
    /// order of the token tiles, whatever the partition.
    /// </summary>
    private readonly struct SddmmBody(
        FiringOrder order, SddmmCut cut, byte* rowOrder, ushort* lengths, ushort* offsets, float* dy, int dyStride, float* x, int xStride, int tokens,
        float* fired) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int firstGroup, int endGroup, int firstTile, int endTile) = cut.Of(index);
            if (firstGroup == endGroup)
            {
                return;
            }

            bool onePass = order.Groups[endGroup] - order.Groups[firstGroup] <= PassRows;
            int tilesAtOnce = onePass ? 1 : Math.Max(1, PassRows / order.Width);
            float* tail = scratch.Take((PassRows + Math.Min(order.ColumnCount, tilesAtOnce * order.Width)) * TileTokens);
            float* packed = tail + (PassRows * TileTokens);
            Span<int> starts = stackalloc int[endGroup - firstGroup];
            Span<int> next = stackalloc int[starts.Length];
            order.FirstNonZeros(firstGroup, firstTile, starts);
            for (int tokenTile = 0; tokenTile < TilesOf(tokens, TileTokens); tokenTile++)
            {
                int token = TileStart(tokenTile, tokens, TileTokens);
                int count = TileStart(tokenTile + 1, tokens, TileTokens) - token;
                starts.CopyTo(next);
                for (int tile = firstTile; tile < endTile; tile += tilesAtOnce)
                {
                    int end = Math.Min(endTile, tile + tilesAtOnce);
                    nint stripStride = PackTiles(order, tile, end, x, xStride, token, count, packed);
                    RowPass pass = new(order, firstGroup, endGroup, onePass ? PassRows : 1);
                    while (pass.MoveNext())
                    {
                        if (count < TileTokens && (tile == firstTile || !onePass))
                        {
                            // Packed for the zeros after the last token.
                            Pack(
                                dy + ((nint)order.Groups[pass.FirstGroup] * dyStride) + token, dyStride, pass.Rows, count, tail,
                                PassRows * StripTokens);
                        }

                        AddPass(pass, tile, end, token, count, packed, stripStride, tail, next[(pass.FirstGroup - firstGroup)..]);
                    }
                }
            }
        }

        private void AddPass(
            in RowPass pass, int firstTile, int endTile, int token, int count, float* packed, nint stripStride, float* tail, Span<int> next)
        {
            float* dyRows = dy + ((nint)order.Groups[pass.FirstGroup] * dyStride) + token;
            for (int t = firstTile; t < endTile; t++, packed += order.Width * StripTokens)
            {
                for (int group = pass.FirstGroup; group < pass.EndGroup; group++)
                {
                    int row = pass.RowOf(group);
                    int rows = pass.RowOf(group + 1) - row;
                    int firstTurn = (order.Groups[group] * order.Tiles) + (t * rows);
                    ref int position = ref next[group - pass.FirstGroup];
                    position = count == TileTokens
                        ? DotProducts(position, firstTurn, rows, dyRows + ((nint)row * dyStride), packed, stripStride, token > 0)
                        : PartialDotProducts(
                            position, firstTurn, rows, tail + (row * StripTokens), packed, stripStride, DeviceMatrix.Padded(count), token > 0);
                }
            }
        }

        // Each method copies what its loop over the non-zeros reads to locals, which stay in registers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int DotProducts(int p, int firstTurn, int rows, float* dyRows, float* tile, nint strip, bool add)
        {
            byte* turns = rowOrder + firstTurn;
            ushort* counts = lengths + firstTurn;
            ushort* columns = offsets;
            float* sums = fired;
            nint stride = dyStride;
            for (int i = 0; i < rows; i++)
            {
                int last = p + counts[i];
                if (p == last)
                {
                    continue;
                }

                CacheLines.Prefetch(dyRows + (turns[i + FiringOrder.RowsAhead] * stride), TileTokens);
                float* dyRow = dyRows + (turns[i] * stride);
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
                    float* xa = tile + columns[p];
                    float* xb = tile + columns[p + 1];
                    float* xc = tile + columns[p + 2];
                    float* xd = tile + columns[p + 3];
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
                    a = TSimd.MultiplyAdd(d4, TSimd.Load(xa + strip), a);
                    b = TSimd.MultiplyAdd(d4, TSimd.Load(xb + strip), b);
                    c = TSimd.MultiplyAdd(d4, TSimd.Load(xc + strip), c);
                    d = TSimd.MultiplyAdd(d4, TSimd.Load(xd + strip), d);
                    a = TSimd.MultiplyAdd(d5, TSimd.Load(xa + strip + TSimd.Width), a);
                    b = TSimd.MultiplyAdd(d5, TSimd.Load(xb + strip + TSimd.Width), b);
                    c = TSimd.MultiplyAdd(d5, TSimd.Load(xc + strip + TSimd.Width), c);
                    d = TSimd.MultiplyAdd(d5, TSimd.Load(xd + strip + TSimd.Width), d);
                    a = TSimd.MultiplyAdd(d6, TSimd.Load(xa + strip + (2 * TSimd.Width)), a);
                    b = TSimd.MultiplyAdd(d6, TSimd.Load(xb + strip + (2 * TSimd.Width)), b);
                    c = TSimd.MultiplyAdd(d6, TSimd.Load(xc + strip + (2 * TSimd.Width)), c);
                    d = TSimd.MultiplyAdd(d6, TSimd.Load(xd + strip + (2 * TSimd.Width)), d);
                    a = TSimd.MultiplyAdd(d7, TSimd.Load(xa + strip + (3 * TSimd.Width)), a);
                    b = TSimd.MultiplyAdd(d7, TSimd.Load(xb + strip + (3 * TSimd.Width)), b);
                    c = TSimd.MultiplyAdd(d7, TSimd.Load(xc + strip + (3 * TSimd.Width)), c);
                    d = TSimd.MultiplyAdd(d7, TSimd.Load(xd + strip + (3 * TSimd.Width)), d);
                    TSimd.StoreSums(sums + p, a, b, c, d, add);
                }

                for (; p < last; p++)
                {
                    float* xa = tile + columns[p];
                    TVector a = TSimd.Multiply(d0, TSimd.Load(xa));
                    TVector b = TSimd.Multiply(d1, TSimd.Load(xa + TSimd.Width));
                    a = TSimd.MultiplyAdd(d2, TSimd.Load(xa + (2 * TSimd.Width)), a);
                    b = TSimd.MultiplyAdd(d3, TSimd.Load(xa + (3 * TSimd.Width)), b);
                    a = TSimd.MultiplyAdd(d4, TSimd.Load(xa + strip), a);
                    b = TSimd.MultiplyAdd(d5, TSimd.Load(xa + strip + TSimd.Width), b);
                    a = TSimd.MultiplyAdd(d6, TSimd.Load(xa + strip + (2 * TSimd.Width)), a);
                    b = TSimd.MultiplyAdd(d7, TSimd.Load(xa + strip + (3 * TSimd.Width)), b);
                    float sum = TSimd.Sum(TSimd.Add(a, b));
                    sums[p] = add ? sums[p] + sum : sum;
                }
            }

            return p;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int PartialDotProducts(int p, int firstTurn, int rows, float* dyRows, float* tile, nint strip, int padded, bool add)
        {
            byte* turns = rowOrder + firstTurn;
            ushort* counts = lengths + firstTurn;

            // From the end of one strip to the start of the next, in x and in the packed rows of dy.
            nint gap = strip - StripTokens;
            nint dyGap = (PassRows - 1) * StripTokens;
            int first = Math.Min(padded, StripTokens);
            for (int i = 0; i < rows; i++)
            {
                int last = p + counts[i];
                float* dyRow = dyRows + (turns[i] * StripTokens);
                for (; p + 4 <= last; p += 4)
                {
                    float* xa = tile + offsets[p];
                    float* xb = tile + offsets[p + 1];
                    float* xc = tile + offsets[p + 2];
                    float* xd = tile + offsets[p + 3];
                    TVector a, b, c, d;
                    a = b = c = d = TSimd.Broadcast(0);
                    int k = 0;
                    for (; k < first; k += TSimd.Width)
                    {
                        TVector gradients = TSimd.Load(dyRow + k);
                        a = TSimd.MultiplyAdd(gradients, TSimd.Load(xa + k), a);
                        b = TSimd.MultiplyAdd(gradients, TSimd.Load(xb + k), b);
                        c = TSimd.MultiplyAdd(gradients, TSimd.Load(xc + k), c);
                        d = TSimd.MultiplyAdd(gradients, TSimd.Load(xd + k), d);
                    }

                    for (; k < padded; k += TSimd.Width)
                    {
                        nint at = k + gap;
                        TVector gradients = TSimd.Load(dyRow + k + dyGap);
                        a = TSimd.MultiplyAdd(gradients, TSimd.Load(xa + at), a);
                        b = TSimd.MultiplyAdd(gradients, TSimd.Load(xb + at), b);
                        c = TSimd.MultiplyAdd(gradients, TSimd.Load(xc + at), c);
                        d = TSimd.MultiplyAdd(gradients, TSimd.Load(xd + at), d);
                    }

                    TSimd.StoreSums(fired + p, a, b, c, d, add);
                }

                for (; p < last; p++)
                {
                    float* xa = tile + offsets[p];
                    TVector sum = TSimd.Broadcast(0);
                    int k = 0;
                    for (; k < first; k += TSimd.Width)
                    {
                        sum = TSimd.MultiplyAdd(TSimd.Load(dyRow + k), TSimd.Load(xa + k), sum);
                    }

                    for (; k < padded; k += TSimd.Width)
                    {
                        sum = TSimd.MultiplyAdd(TSimd.Load(dyRow + k + dyGap), TSimd.Load(xa + k + gap), sum);
                    }

                    float total = TSimd.Sum(sum);
                    fired[p] = add ? fired[p] + total : total;
                }
            }

            return p;
        }
    }
}
