using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Causal self-attention, forward.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Of the workers that share a loop, how many are to be busy on average.
    private const double BusyShare = 0.9;

    /// <inheritdoc/>
    private protected override void AttentionForwardCore(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output,
        DeviceBuffer<float> logSumExp, DeviceBuffer<float>? slopes)
    {
        long time = AttentionTime(arguments, products: 2);
        QuerySlices slices = new(arguments, AttentionHead<TSimd, TVector>.PanelQueries, ForwardSlices(arguments, time));
        pool.Run(
            arguments.Batch * arguments.Heads * slices.Count,
            new AttentionForwardBody(
                arguments, slices, new Operand(Pointer(q), q.Stride), new Operand(Pointer(k), k.Stride), new Operand(Pointer(v), v.Stride),
                new Operand(Pointer(output), output.Stride), Pointer(logSumExp), PointerOrNull(slopes)),
            time);
    }

    // Each slice packs the keys and values that it reads: as few as keep the workers busy, of two panels or more.
    private int ForwardSlices(in AttentionArguments arguments, long time)
    {
        int heads = arguments.Batch * arguments.Heads;
        int most = Math.Max(1, arguments.Sequence / (2 * AttentionHead<TSimd, TVector>.PanelQueries));
        int workers = pool.PartsFor(time, Math.Clamp(heads * most, 1, pool.Workers));
        int slices = 1;
        while (slices < most && heads * slices < BusyShare * workers * ((heads * slices + workers - 1) / workers))
        {
            slices++;
        }

        return slices;
    }

    // Half of the products with all keys, at half of the speed: the diagonal's tiles, exponentials.
    private static long AttentionTime(in AttentionArguments arguments, int products) => MultiplyAdds(
        (double)products * arguments.Batch * arguments.Heads * arguments.Sequence * arguments.Sequence * arguments.HeadSize);

    private readonly struct AttentionForwardBody(
        AttentionArguments arguments, QuerySlices slices, Operand q, Operand k, Operand v, Operand output, float* logSumExp, float* slopes)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            AttentionHead<TSimd, TVector> head = new(arguments, slopes, index / slices.Count);
            int firstQuery = slices.FirstOf(index % slices.Count);
            int endQuery = slices.FirstOf((index % slices.Count) + 1);
            int size = arguments.HeadSize;
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            int rows = GemmMicrokernel<TSimd, TVector>.Rows;
            int wholeKeys = AttentionHead<TSimd, TVector>.WholeRows(endQuery);
            int wholeSize = AttentionHead<TSimd, TVector>.WholeRows(size);

            int mostScores = AttentionHead<TSimd, TVector>.MostScores(arguments);
            float* scores = scratch.Take((mostScores * panel) + (wholeKeys * size) + (wholeSize * endQuery) + ((size + wholeSize) * panel));
            float* queryPanel = scores + (mostScores * panel);
            float* attended = queryPanel + (size * panel);
            float* keyPanels = attended + (wholeSize * panel);
            float* valuePanels = keyPanels + (wholeKeys * size);
            PackedPanels.CopyRows(k.At(head.FirstKeyRow, head.FirstToken), k.Stride, endQuery, size, rows, keyPanels);
            PackedPanels.CopyColumns(v.At(head.FirstKeyRow, head.FirstToken), v.Stride, size, endQuery, rows, valuePanels);

            for (int first = firstQuery; first < endQuery; first += panel)
            {
                int count = Math.Min(panel, endQuery - first);
                int firstKey = head.FirstKey(first);
                int keys = head.EndKey(first) - firstKey;
                PackedPanels.CopyRows(q.At(head.FirstRow, head.FirstToken + first), q.Stride, count, size, panel, queryPanel);
                head.Scores(keyPanels, queryPanel, first, scores);
                Softmax(scores, keys, head.Scale, out TVector inverse0, out TVector inverse1, logSumExp + head.FirstLogSumExp + first, count);
                if (arguments.DropoutRate > 0)
                {
                    head.Dropout(first, scores);
                }

                GemmMicrokernel<TSimd, TVector>.RunPanel(
                    keys, valuePanels + (firstKey * rows), (nint)endQuery * rows, scores, attended, panel, wholeSize, panel, accumulate: false);
                float* to = output.At(head.FirstRow, head.FirstToken + first);
                for (int f = 0; f < size; f++, to += output.Stride)
                {
                    float* row = attended + (f * panel);
                    float* target = count == panel ? to : row;
                    TSimd.Store(target, TSimd.Multiply(TSimd.Load(row), inverse0));
                    TSimd.Store(target + TSimd.Width, TSimd.Multiply(TSimd.Load(row + TSimd.Width), inverse1));
                    if (count < panel)
                    {
                        new Span<float>(row, count).CopyTo(new Span<float>(to, count));
                    }
                }
            }
        }

        /// <summary>Replaces a panel's scores by exp(factor (score - maximum)); their sums' inverses complete the softmax.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Softmax(float* scores, int keys, float factor, out TVector inverse0, out TVector inverse1, float* sums, int count)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            float* end = scores + (keys * panel);
            TVector max0 = TSimd.Load(scores);
            TVector max1 = TSimd.Load(scores + TSimd.Width);
            for (float* row = scores + panel; row < end; row += panel)
            {
                max0 = TSimd.Max(TSimd.Load(row), max0);
                max1 = TSimd.Max(TSimd.Load(row + TSimd.Width), max1);
            }

            TVector scale = TSimd.Broadcast(factor);
            SoftmaxShares<TSimd, TVector> shares = new(factor);
            TVector sum0 = TSimd.Broadcast(0);
            TVector sum1 = TSimd.Broadcast(0);
            for (float* row = scores; row < end; row += panel)
            {
                TVector e0 = shares.Of(TSimd.Subtract(TSimd.Load(row), max0));
                TVector e1 = shares.Of(TSimd.Subtract(TSimd.Load(row + TSimd.Width), max1));
                TSimd.Store(row, e0);
                TSimd.Store(row + TSimd.Width, e1);
                sum0 = TSimd.Add(sum0, e0);
                sum1 = TSimd.Add(sum1, e1);
            }

            TVector one = TSimd.Broadcast(1);
            inverse0 = TSimd.Divide(one, sum0);
            inverse1 = TSimd.Divide(one, sum1);

            float* lanes = stackalloc float[4 * TSimd.Width];
            TSimd.Store(lanes, TSimd.Multiply(scale, max0));
            TSimd.Store(lanes + TSimd.Width, TSimd.Multiply(scale, max1));
            TSimd.Store(lanes + panel, sum0);
            TSimd.Store(lanes + panel + TSimd.Width, sum1);
            for (int i = 0; i < count; i++)
            {
                sums[i] = lanes[i] + MathF.Log(lanes[panel + i]);
            }
        }
    }
}
