using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Layer normalization.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // A block of tokens is read once for each pass; its lines stay in L2 in between.
    private const int NormTokens = 64;

    // Rows whose lines are asked for before their turn.
    private const int NormRowsAhead = 16;

    /// <inheritdoc/>
    private protected override void LayerNormForwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean,
        DeviceBuffer<float> inverseDeviation) =>
        pool.Run(
            (x.Columns + NormTokens - 1) / NormTokens,
            new LayerNormForwardBody(
                Pointer(x), x.Stride, x.Rows, x.Columns, Pointer(weight), Pointer(bias), epsilon, Pointer(y), y.Stride,
                Pointer(mean), Pointer(inverseDeviation)));

    /// <inheritdoc/>
    private protected override void LayerNormBackwardCore(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float> biasGradient)
    {
        LayerNormBackwardBody tokens = new(
            Pointer(x), x.Stride, Pointer(dy), dy.Stride, x.Rows, x.Columns, Pointer(weight), Pointer(mean), Pointer(inverseDeviation),
            Pointer(dx), dx.Stride, accumulate);
        LayerNormParametersBody parameters = new(tokens, Pointer(weightGradient), Pointer(biasGradient), pool.Workers);

        // The parameters first: dx may be dy.
        pool.Run(pool.Workers, parameters);
        pool.Run((x.Columns + NormTokens - 1) / NormTokens, tokens);
    }

    /// <summary>
    /// Zeros, so many for each token of a block. On whole lines, unlike the stack: a sum in memory is read again as soon as it is written.
    /// </summary>
    private static float* Tokens(WorkerScratch scratch, int each)
    {
        float* values = scratch.Take(each * NormTokens);
        new Span<float>(values, each * NormTokens).Clear();
        return values;
    }

    private readonly struct LayerNormForwardBody(
        float* x, int xStride, int features, int tokens, float* weight, float* bias, float epsilon, float* y, int yStride, float* mean,
        float* inverseDeviation)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * NormTokens;
            int count = Math.Min(NormTokens, tokens - first);
            int padded = DeviceMatrix.Padded(count);
            float* means = Tokens(scratch, 2);
            float* inverses = means + NormTokens;
            TVector perFeature = TSimd.Broadcast(1f / features);

            for (int f = 0; f < features; f++)
            {
                float* row = x + ((nint)f * xStride) + first;
                CacheLines.Prefetch(row + ((nint)NormRowsAhead * xStride), padded);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(means + t, TSimd.Add(TSimd.Load(means + t), TSimd.Load(row + t)));
                }
            }

            for (int t = 0; t < padded; t += TSimd.Width)
            {
                TSimd.Store(means + t, TSimd.Multiply(TSimd.Load(means + t), perFeature));
            }

            // The variance of the centred values: no cancellation, however large the mean.
            for (int f = 0; f < features; f++)
            {
                float* row = x + ((nint)f * xStride) + first;
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector centred = TSimd.Subtract(TSimd.Load(row + t), TSimd.Load(means + t));
                    TSimd.Store(inverses + t, TSimd.MultiplyAdd(centred, centred, TSimd.Load(inverses + t)));
                }
            }

            for (int t = 0; t < padded; t += TSimd.Width)
            {
                TVector variance = TSimd.MultiplyAdd(TSimd.Load(inverses + t), perFeature, TSimd.Broadcast(epsilon));
                TSimd.Store(inverses + t, TSimd.Divide(TSimd.Broadcast(1), TSimd.Sqrt(variance)));
            }

            for (int f = 0; f < features; f++)
            {
                float* row = x + ((nint)f * xStride) + first;
                float* to = y + ((nint)f * yStride) + first;
                TVector scale = TSimd.Broadcast(weight[f]);
                TVector shift = TSimd.Broadcast(bias[f]);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector normalized = TSimd.Multiply(TSimd.Subtract(TSimd.Load(row + t), TSimd.Load(means + t)), TSimd.Load(inverses + t));
                    TSimd.Store(to + t, TSimd.MultiplyAdd(normalized, scale, shift));
                }
            }

            new Span<float>(means, count).CopyTo(new Span<float>(mean + first, count));
            new Span<float>(inverses, count).CopyTo(new Span<float>(inverseDeviation + first, count));
        }
    }

    /// <summary>dx = inverse (g - mean(g) - n mean(g n)) with g = weight dy, n = the normalized x, and means over the features.</summary>
    private readonly struct LayerNormBackwardBody(
        float* x, int xStride, float* dy, int dyStride, int features, int tokens, float* weight, float* mean, float* inverseDeviation, float* dx,
        int dxStride, bool accumulate)
        : IParallelBody
    {
        public readonly int Features = features;

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
            new Span<float>(mean + first, count).CopyTo(new Span<float>(means, count));
            new Span<float>(inverseDeviation + first, count).CopyTo(new Span<float>(inverses, count));

            for (int f = 0; f < Features; f++)
            {
                TVector scale = TSimd.Broadcast(weight[f]);
                CacheLines.Prefetch(x + ((nint)(f + NormRowsAhead) * xStride) + first, padded);
                CacheLines.Prefetch(dy + ((nint)(f + NormRowsAhead) * dyStride) + first, padded);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    (TVector gradient, TVector normalized) = At(f, first + t, scale, means + t, inverses + t);
                    TSimd.Store(sums + t, TSimd.Add(TSimd.Load(sums + t), gradient));
                    TSimd.Store(products + t, TSimd.MultiplyAdd(gradient, normalized, TSimd.Load(products + t)));
                }
            }

            TVector perFeature = TSimd.Broadcast(1f / Features);
            for (int f = 0; f < Features; f++)
            {
                TVector scale = TSimd.Broadcast(weight[f]);
                float* to = dx + ((nint)f * dxStride) + first;
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    (TVector gradient, TVector normalized) = At(f, first + t, scale, means + t, inverses + t);
                    TVector shared = TSimd.Multiply(perFeature, TSimd.MultiplyAdd(normalized, TSimd.Load(products + t), TSimd.Load(sums + t)));
                    TVector result = TSimd.Multiply(TSimd.Load(inverses + t), TSimd.Subtract(gradient, shared));
                    TSimd.Store(to + t, accumulate ? TSimd.Add(TSimd.Load(to + t), result) : result);
                }
            }
        }

        /// <summary>The sums over tokens of dy n and dy for one feature: the gradients of its weight and bias.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public (float Weight, float Bias) ParameterGradients(int feature)
        {
            float* gradient = dy + ((nint)feature * dyStride);
            float* input = x + ((nint)feature * xStride);
            int whole = tokens / TSimd.Width * TSimd.Width;
            TVector weightTotal = TSimd.Broadcast(0);
            TVector biasTotal = weightTotal;
            for (int block = 0; block < whole; block += SumVectors * TSimd.Width)
            {
                int blockEnd = Math.Min(block + (SumVectors * TSimd.Width), whole);
                TVector weights = TSimd.Broadcast(0);
                TVector biases = weights;
                for (int t = block; t < blockEnd; t += TSimd.Width)
                {
                    TVector g = TSimd.Load(gradient + t);
                    TVector normalized = TSimd.Multiply(
                        TSimd.Subtract(TSimd.Load(input + t), TSimd.Load(mean + t)), TSimd.Load(inverseDeviation + t));
                    weights = TSimd.MultiplyAdd(g, normalized, weights);
                    biases = TSimd.Add(biases, g);
                }

                weightTotal = TSimd.Add(weightTotal, weights);
                biasTotal = TSimd.Add(biasTotal, biases);
            }

            float weightSum = TSimd.Sum(weightTotal);
            float biasSum = TSimd.Sum(biasTotal);
            for (int t = whole; t < tokens; t++)
            {
                weightSum += gradient[t] * ((input[t] - mean[t]) * inverseDeviation[t]);
                biasSum += gradient[t];
            }

            return (weightSum, biasSum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private (TVector Gradient, TVector Normalized) At(int feature, int token, TVector scale, float* means, float* inverses)
        {
            TVector input = TSimd.Load(x + ((nint)feature * xStride) + token);
            TVector normalized = TSimd.Multiply(TSimd.Subtract(input, TSimd.Load(means)), TSimd.Load(inverses));
            return (TSimd.Multiply(scale, TSimd.Load(dy + ((nint)feature * dyStride) + token)), normalized);
        }
    }

    private readonly struct LayerNormParametersBody(LayerNormBackwardBody body, float* weightGradient, float* biasGradient, int parts) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(body.Features, index, parts);
            for (int f = first; f < end; f++)
            {
                (float weight, float bias) = body.ParameterGradients(f);
                weightGradient[f] += weight;
                biasGradient[f] += bias;
            }
        }
    }
}
