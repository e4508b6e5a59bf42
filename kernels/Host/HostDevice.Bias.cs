using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>A bias and its gradient.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    public override void AddBias(in DeviceMatrix y, DeviceBuffer<float> bias)
    {
        float* output = Activations(y, y.Rows, y.Columns, nameof(y));
        float* biases = Pointer(bias, y.Rows, nameof(bias));
        pool.Run(pool.Workers, new AddBiasBody(output, y.Stride, y.Rows, Padded(y.Columns), biases, pool.Workers));
    }

    /// <inheritdoc/>
    public override void RowSums(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate)
    {
        float* input = Activations(dy, dy.Rows, dy.Columns, nameof(dy));
        float* output = Pointer(sums, dy.Rows, nameof(sums));
        pool.Run(pool.Workers, new RowSumsBody(input, dy.Stride, dy.Rows, dy.Columns, output, accumulate, pool.Workers));
    }

    /// <summary>The part <paramref name="index"/> of <paramref name="parts"/> equal shares of [0, length).</summary>
    private static (int First, int End) Share(int length, int index, int parts) =>
        ((int)((long)length * index / parts), (int)((long)length * (index + 1) / parts));

    private readonly struct AddBiasBody(float* y, int stride, int rows, int padded, float* bias, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float* at = y + ((nint)row * stride);
                TVector value = TSimd.Broadcast(bias[row]);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(at + t, TSimd.Add(TSimd.Load(at + t), value));
                }
            }
        }
    }

    private readonly struct RowSumsBody(float* dy, int stride, int rows, int tokens, float* sums, bool accumulate, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(rows, index, parts);
            int whole = tokens / TSimd.Width * TSimd.Width;
            for (int row = first; row < end; row++)
            {
                float* at = dy + ((nint)row * stride);
                TVector even = TSimd.Broadcast(0);
                TVector odd = even;
                int t = 0;
                for (; t + TSimd.Width < whole; t += 2 * TSimd.Width)
                {
                    even = TSimd.Add(even, TSimd.Load(at + t));
                    odd = TSimd.Add(odd, TSimd.Load(at + t + TSimd.Width));
                }

                if (t < whole)
                {
                    even = TSimd.Add(even, TSimd.Load(at + t));
                }

                float sum = TSimd.Sum(TSimd.Add(even, odd));
                for (t = whole; t < tokens; t++)
                {
                    sum += at[t];
                }

                sums[row] = accumulate ? sums[row] + sum : sum;
            }
        }
    }
}
