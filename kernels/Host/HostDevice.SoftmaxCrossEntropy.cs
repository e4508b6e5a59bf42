using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The loss.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Tokens of a block: a line of each vocabulary row for every pass.
    private const int LossTokens = 64;

    // Vocabulary entries whose terms are summed before they join the total.
    private const int LossEntries = 256;

    /// <inheritdoc/>
    private protected override void SoftmaxCrossEntropyCore(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits,
        float? gradientScale)
    {
        long time = Functions(logits.Rows, logits.Columns);
        int each = BlockTokens(logits.Columns, LossTokens, time);
        pool.Run(
            (logits.Columns + each - 1) / each,
            new SoftmaxCrossEntropyBody(
                Pointer(logits), logits.Stride, logits.Rows, logits.Columns, each, Pointer(labels), Pointer(weights), Pointer(losses), Pointer(hits),
                gradientScale.HasValue, gradientScale.GetValueOrDefault()),
            time);
    }

    private readonly struct SoftmaxCrossEntropyBody(
        float* logits, nint stride, int vocabulary, int tokens, int each, int* labels, float* weights, float* losses, float* hits, bool gradient,
        float gradientScale)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * each;
            int count = Math.Min(each, tokens - first);
            int padded = DeviceMatrix.Padded(count);
            float* maxima = stackalloc float[LossTokens];
            float* winners = stackalloc float[LossTokens];
            float* sums = stackalloc float[LossTokens];
            float* factors = stackalloc float[LossTokens];
            new Span<float>(maxima, LossTokens).Fill(float.NegativeInfinity);
            new Span<float>(winners, LossTokens).Clear();
            new Span<float>(sums, LossTokens).Clear();
            new Span<float>(factors, LossTokens).Clear();

            // Indices are exact in float32: a vocabulary has fewer than 2^24 entries.
            for (int v = 0; v < vocabulary; v++)
            {
                float* row = logits + (v * stride) + first;
                TVector entry = TSimd.Broadcast(v);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector logit = TSimd.Load(row + t);
                    TVector maximum = TSimd.Load(maxima + t);
                    TVector larger = TSimd.GreaterThan(logit, maximum);
                    TSimd.Store(maxima + t, TSimd.Select(larger, logit, maximum));
                    TSimd.Store(winners + t, TSimd.Select(larger, entry, TSimd.Load(winners + t)));
                }
            }

            for (int t = 0; t < count; t++)
            {
                float weight = weights[first + t];
                losses[first + t] = weight == 0 ? 0 : logits[(labels[first + t] * stride) + first + t];
                hits[first + t] = weight != 0 && winners[t] == labels[first + t] ? weight : 0;
            }

            Exponentials(first, padded, maxima, sums);
            for (int t = 0; t < count; t++)
            {
                float weight = weights[first + t];
                losses[first + t] = weight == 0 ? 0 : weight * (maxima[t] + MathF.Log(sums[t]) - losses[first + t]);
                factors[t] = gradientScale * weight / sums[t];
            }

            if (gradient)
            {
                Gradients(first, count, padded, factors);
            }
        }

        /// <summary>Sums e^(logit - maximum); with a gradient to come, keeps the terms in place of the logits.</summary>
        private void Exponentials(int first, int padded, float* maxima, float* sums)
        {
            // In blocks: added one by one, the last of many terms would lose their digits to the sum.
            float* blockSums = stackalloc float[LossTokens];
            for (int block = 0; block < vocabulary; block += LossEntries)
            {
                new Span<float>(blockSums, LossTokens).Clear();
                for (int v = block; v < Math.Min(block + LossEntries, vocabulary); v++)
                {
                    float* row = logits + (v * stride) + first;
                    for (int t = 0; t < padded; t += TSimd.Width)
                    {
                        TVector term = VectorMath<TSimd, TVector>.Exp(TSimd.Subtract(TSimd.Load(row + t), TSimd.Load(maxima + t)));
                        TSimd.Store(blockSums + t, TSimd.Add(TSimd.Load(blockSums + t), term));
                        if (gradient)
                        {
                            TSimd.Store(row + t, term);
                        }
                    }
                }

                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(sums + t, TSimd.Add(TSimd.Load(sums + t), TSimd.Load(blockSums + t)));
                }
            }
        }

        private void Gradients(int first, int count, int padded, float* factors)
        {
            float* counted = stackalloc float[LossTokens];
            new Span<float>(counted, LossTokens).Clear();
            for (int t = 0; t < count; t++)
            {
                counted[t] = weights[first + t] != 0 ? 1 : 0;
            }

            TVector zero = TSimd.Broadcast(0);
            for (int v = 0; v < vocabulary; v++)
            {
                float* row = logits + (v * stride) + first;
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    // Selected rather than multiplied: what does not count may be NaN.
                    TVector slope = TSimd.Multiply(TSimd.Load(row + t), TSimd.Load(factors + t));
                    TSimd.Store(row + t, TSimd.Select(TSimd.GreaterThan(TSimd.Load(counted + t), zero), slope, zero));
                }
            }

            for (int t = 0; t < count; t++)
            {
                if (weights[first + t] != 0)
                {
                    logits[(labels[first + t] * stride) + first + t] -= gradientScale * weights[first + t];
                }
            }
        }
    }
}
