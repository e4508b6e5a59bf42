using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Normalization of tokens about either center.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // A block of tokens is read once for each pass; its lines stay in L2 in between.
    private const int NormTokens = 64;

    // Rows whose lines are asked for before their turn.
    private const int NormRowsAhead = 16;

    private void NormalizeForward<TCenter>(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float>? bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float>? mean,
        DeviceBuffer<float> inverseDeviation)
        where TCenter : ICenter
    {
        long time = Streams(x.Rows, x.Columns, matrices: 4);
        int each = BlockTokens(x.Columns, NormTokens, time);
        pool.Run(
            (x.Columns + each - 1) / each,
            new NormForwardBody<TCenter>(
                Pointer(x), x.Stride, x.Rows, x.Columns, each, Pointer(weight), PointerOrNull(bias), epsilon, Pointer(y), y.Stride,
                PointerOrNull(mean), Pointer(inverseDeviation)),
            time);
    }

    private static int NormBlocks(in DeviceMatrix x) => (x.Columns + NormTokens - 1) / NormTokens;

    /// <summary>
    /// Zeros, so many for each token of a block. On whole lines, unlike the stack: a sum in memory is read again as soon as it is written.
    /// </summary>
    private static float* Tokens(WorkerScratch scratch, int each)
    {
        float* values = scratch.Take(each * NormTokens);
        new Span<float>(values, each * NormTokens).Clear();
        return values;
    }

    /// <summary>y = weight (x - center) / sqrt(mean((x - center)^2) + epsilon) + bias. About zero mean is null; without a bias bias is.</summary>
    private readonly struct NormForwardBody<TCenter>(
        float* x, int xStride, int features, int tokens, int each, float* weight, float* bias, float epsilon, float* y, int yStride, float* mean,
        float* inverseDeviation)
        : IParallelBody
        where TCenter : ICenter
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int first = index * each;
            int count = Math.Min(each, tokens - first);
            int padded = DeviceMatrix.Padded(count);
            float* means = Tokens(scratch, 2);
            float* inverses = means + NormTokens;
            TVector perFeature = TSimd.Broadcast(1f / features);
            if (TCenter.IsMean)
            {
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

                new Span<float>(means, count).CopyTo(new Span<float>(mean + first, count));
            }

            // The variance of the centred values: no cancellation, however large the mean.
            for (int f = 0; f < features; f++)
            {
                float* row = x + ((nint)f * xStride) + first;
                if (!TCenter.IsMean)
                {
                    CacheLines.Prefetch(row + ((nint)NormRowsAhead * xStride), padded);
                }

                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector centred = Centred<TCenter>(TSimd.Load(row + t), means + t);
                    TSimd.Store(inverses + t, TSimd.MultiplyAdd(centred, centred, TSimd.Load(inverses + t)));
                }
            }

            for (int t = 0; t < padded; t += TSimd.Width)
            {
                TVector variance = TSimd.MultiplyAdd(TSimd.Load(inverses + t), perFeature, TSimd.Broadcast(epsilon));
                TSimd.Store(inverses + t, TSimd.Divide(TSimd.Broadcast(1), TSimd.Sqrt(variance)));
            }

            new Span<float>(inverses, count).CopyTo(new Span<float>(inverseDeviation + first, count));
            for (int f = 0; f < features; f++)
            {
                float* row = x + ((nint)f * xStride) + first;
                float* to = y + ((nint)f * yStride) + first;
                TVector scale = TSimd.Broadcast(weight[f]);
                TVector shift = TSimd.Broadcast(bias is null ? 0 : bias[f]);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TVector normalized = TSimd.Multiply(Centred<TCenter>(TSimd.Load(row + t), means + t), TSimd.Load(inverses + t));
                    TSimd.Store(to + t, TSimd.MultiplyAdd(normalized, scale, shift));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Centred<TCenter>(TVector x, float* means)
        where TCenter : ICenter => TCenter.IsMean ? TSimd.Subtract(x, TSimd.Load(means)) : x;
}
