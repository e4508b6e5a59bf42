using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The gradients of normalization about either center.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // What a block of tokens adds to the gradients of weight and bias: [block, weight and bias, feature].
    private HostBuffer<float>? normGradients;

    private void NormalizeBackward<TCenter>(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float>? biasGradient)
        where TCenter : ICenter
    {
        int blocks = NormBlocks(x);
        float* weights = Pointer(weightGradient);
        float* biases = PointerOrNull(biasGradient);
        float* gradients = Reserve(ref normGradients, checked(2 * blocks * x.Rows)).Pointer;
        pool.Run(
            blocks,
            new NormBackwardBody<TCenter>(
                Pointer(x), x.Stride, Pointer(dy), dy.Stride, x.Rows, x.Columns, Pointer(weight), PointerOrNull(mean), Pointer(inverseDeviation),
                Pointer(dx), dx.Stride, accumulate, gradients),
            Streams(x.Rows, x.Columns, matrices: 8));
        int parts = pool.PartsFor(Streams(x.Rows, blocks, matrices: 2), LinesOf(x.Rows));
        pool.Run(parts, new NormGradientsBody(gradients, blocks, x.Rows, weights, biases, parts));
    }

    /// <summary>
    /// dx = inverse (g - mean(g) - n mean(g n)) with g = weight dy, n = the normalized x, and means over the features; about zero without mean(g).
    /// </summary>
    private readonly struct NormBackwardBody<TCenter>(
        float* x, int xStride, float* dy, int dyStride, int features, int tokens, float* weight, float* mean, float* inverseDeviation, float* dx,
        int dxStride, bool accumulate, float* gradients)
        : IParallelBody
        where TCenter : ICenter
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * NormTokens;
            int count = Math.Min(NormTokens, tokens - first);
            int padded = DeviceMatrix.Padded(count);
            float* means = Tokens(scratch, 4);
            float* inverses = means + NormTokens;
            float* sums = inverses + NormTokens;
            float* products = sums + NormTokens;
            new Span<float>(inverseDeviation + first, count).CopyTo(new Span<float>(inverses, count));
            if (TCenter.IsMean)
            {
                new Span<float>(mean + first, count).CopyTo(new Span<float>(means, count));
            }

            float* weightGradients = gradients + ((nint)index * 2 * features);
            float* biasGradients = weightGradients + features;
            for (int f = 0; f < features; f++)
            {
                float* input = x + ((nint)f * xStride) + first;
                float* output = dy + ((nint)f * dyStride) + first;
                CacheLines.Prefetch(input + ((nint)NormRowsAhead * xStride), padded);
                CacheLines.Prefetch(output + ((nint)NormRowsAhead * dyStride), padded);
                (weightGradients[f], biasGradients[f]) = Sums(input, output, count, weight[f], means, inverses, sums, products);
            }

            TVector perFeature = TSimd.Broadcast(1f / features);
            for (int f = 0; f < features; f++)
            {
                float* input = x + ((nint)f * xStride) + first;
                float* output = dy + ((nint)f * dyStride) + first;
                float* to = dx + ((nint)f * dxStride) + first;
                TVector scale = TSimd.Broadcast(weight[f]);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector inverse = TSimd.Load(inverses + t);
                    TVector normalized = TSimd.Multiply(Centred<TCenter>(TSimd.Load(input + t), means + t), inverse);
                    TVector product = TSimd.Load(products + t);
                    TVector shared = TSimd.Multiply(
                        perFeature,
                        TCenter.IsMean ? TSimd.MultiplyAdd(normalized, product, TSimd.Load(sums + t)) : TSimd.Multiply(normalized, product));
                    TVector result = TSimd.Multiply(inverse, TSimd.Subtract(TSimd.Multiply(scale, TSimd.Load(output + t)), shared));
                    TSimd.Store(to + t, accumulate ? TSimd.Add(TSimd.Load(to + t), result) : result);
                }
            }
        }

        /// <summary>
        /// Adds a feature's g and g n to the tokens' sums and products, and returns its sums over the tokens of dy n and dy: what the block adds to
        /// the gradients of its weight and bias.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static (float Weight, float Bias) Sums(
            float* input, float* output, int count, float weight, float* means, float* inverses, float* sums, float* products)
        {
            // The padding's numbers, whatever they are, join no sum over tokens.
            int whole = count / TSimd.Width * TSimd.Width;
            TVector scale = TSimd.Broadcast(weight);
            TVector weights = TSimd.Broadcast(0);
            TVector biases = weights;
            for (int t = 0; t < count; t += TSimd.Width)
            {
                TVector dy = TSimd.Load(output + t);
                TVector normalized = TSimd.Multiply(Centred<TCenter>(TSimd.Load(input + t), means + t), TSimd.Load(inverses + t));
                TVector gradient = TSimd.Multiply(scale, dy);
                TSimd.Store(products + t, TSimd.MultiplyAdd(gradient, normalized, TSimd.Load(products + t)));
                if (TCenter.IsMean)
                {
                    TSimd.Store(sums + t, TSimd.Add(TSimd.Load(sums + t), gradient));
                }

                if (t < whole)
                {
                    weights = TSimd.MultiplyAdd(dy, normalized, weights);
                    biases = TSimd.Add(biases, dy);
                }
            }

            float weightSum = TSimd.Sum(weights);
            float biasSum = TCenter.IsMean ? TSimd.Sum(biases) : 0;
            for (int t = whole; t < count; t++)
            {
                weightSum += output[t] * ((TCenter.IsMean ? input[t] - means[t] : input[t]) * inverses[t]);
                biasSum += output[t];
            }

            return (weightSum, biasSum);
        }
    }

    /// <summary>Adds what the blocks of tokens give to the gradients of weight and bias, in the order of the blocks.</summary>
    private readonly struct NormGradientsBody(float* gradients, int blocks, int features, float* weight, float* bias, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = ShareOfLines(features, index, parts);
            for (int f = first; f < end; f++)
            {
                float weightSum = 0;
                float biasSum = 0;
                float* at = gradients + f;
                for (int block = 0; block < blocks; block++, at += 2 * (nint)features)
                {
                    weightSum += at[0];
                    biasSum += at[features];
                }

                weight[f] += weightSum;
                if (bias is not null)
                {
                    bias[f] += biasSum;
                }
            }
        }
    }
}
