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

    // Each slice brings the keys and values that it reads to its core's caches: as few as keep the workers busy, of two panels or more.
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
            int wholeSize = AttentionHead<TSimd, TVector>.WholeRows(size);
            int mostScores = AttentionHead<TSimd, TVector>.MostScores(arguments);
            int packed = head.PacksKeys ? size * AttentionHead<TSimd, TVector>.WholeRows(endQuery) : 0;
            int copied = head.CopiesFeatures ? wholeSize * endQuery : 0;
            float* scores = scratch.Take(((mostScores + size + wholeSize) * panel) + packed + copied);
            float* queryPanel = scores + (mostScores * panel);
            float* attended = queryPanel + (size * panel);
            FeatureRows keys = Keys(head, k, size, endQuery, attended + (wholeSize * panel));
            FeatureRows values = KeyFeatures(head, v, size, endQuery, attended + (wholeSize * panel) + packed);

            FeatureRows* ahead = stackalloc FeatureRows[4];
            for (int first = firstQuery; first < endQuery; first += panel)
            {
                ReadOnlySpan<FeatureRows> coming = Ahead(head, index, first + panel, ahead);
                int count = Math.Min(panel, endQuery - first);
                int firstKey = head.FirstKey(first);
                int seen = head.EndKey(first) - firstKey;
                head.Scores(keys, Panel(head, q, size, first, count, queryPanel), first, scores, coming);
                Softmax(scores, seen, head.Scale, out TVector inverse0, out TVector inverse1, logSumExp + head.FirstLogSumExp + first, count);
                if (arguments.DropoutRate > 0)
                {
                    head.Dropout(first, scores);
                }

                GemmMicrokernel<TSimd, TVector>.RunRows<GemmMicrokernel<TSimd, TVector>.RowOrder>(
                    seen, values.From(firstKey), values.Stride, scores, panel, attended, panel, Math.Max(size, rows));
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

        /// <summary>What the next panel touches first, of this slice or of the one that this thread most likely does next.</summary>
        private ReadOnlySpan<FeatureRows> Ahead(AttentionHead<TSimd, TVector> head, int index, int next, FeatureRows* ahead)
        {
            if (next >= slices.FirstOf((index % slices.Count) + 1))
            {
                index++;
                next = slices.FirstOf(index % slices.Count);
                head = new AttentionHead<TSimd, TVector>(arguments, slopes, index / slices.Count);
            }

            if (index >= arguments.Batch * arguments.Heads * slices.Count)
            {
                return [];
            }

            int token = head.FirstToken + next;
            ahead[0] = k.From(head.FirstKeyRow, token);
            ahead[1] = q.From(head.FirstRow, token);
            ahead[2] = v.From(head.FirstKeyRow, token);
            ahead[3] = output.From(head.FirstRow, token);
            return new ReadOnlySpan<FeatureRows>(ahead, 4);
        }

        /// <summary>Replaces a panel's scores by exp(factor (score - maximum)); their sums' inverses complete the softmax.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Softmax(float* scores, int keys, float factor, out TVector inverse0, out TVector inverse1, float* sums, int count)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            float* end = scores + (keys * panel);
            (TVector max0, TVector max1) = Maxima(scores, end);
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

            float* logSums = stackalloc float[panel];
            TSimd.Store(logSums, TSimd.MultiplyAdd(scale, max0, TSimd.Log(sum0)));
            TSimd.Store(logSums + TSimd.Width, TSimd.MultiplyAdd(scale, max1, TSimd.Log(sum1)));
            new Span<float>(logSums, count).CopyTo(new Span<float>(sums, count));
        }

        // Every other row by itself: a maximum waits for the one before it.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static (TVector First, TVector Second) Maxima(float* scores, float* end)
        {
            int panel = AttentionHead<TSimd, TVector>.PanelQueries;
            TVector even0 = TSimd.Load(scores);
            TVector even1 = TSimd.Load(scores + TSimd.Width);
            TVector odd0 = even0;
            TVector odd1 = even1;
            float* row = scores + panel;
            for (; row + panel < end; row += 2 * panel)
            {
                odd0 = TSimd.Max(TSimd.Load(row), odd0);
                odd1 = TSimd.Max(TSimd.Load(row + TSimd.Width), odd1);
                even0 = TSimd.Max(TSimd.Load(row + panel), even0);
                even1 = TSimd.Max(TSimd.Load(row + panel + TSimd.Width), even1);
            }

            if (row < end)
            {
                odd0 = TSimd.Max(TSimd.Load(row), odd0);
                odd1 = TSimd.Max(TSimd.Load(row + TSimd.Width), odd1);
            }

            return (TSimd.Max(odd0, even0), TSimd.Max(odd1, even1));
        }
    }
}
