using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>A bias and its gradient.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // Sums over tokens add this many vectors before the block's sum joins the total: rounding errors grow with the length
    // of a block and the number of blocks, not with their product.
    private const int SumVectors = 64;

    /// <inheritdoc/>
    private protected override void AddBiasCore(in DeviceMatrix y, DeviceBuffer<float> bias)
    {
        int parts = PartsOfRows(y.Rows, y.Columns, matrices: 2);
        pool.Run(parts, new AddBiasBody(Pointer(y), y.Stride, y.Rows, DeviceMatrix.Padded(y.Columns), Pointer(bias), parts));
    }

    /// <inheritdoc/>
    private protected override void RowSumsCore(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate)
    {
        int parts = pool.PartsFor(Streams(dy.Rows, dy.Columns, 1), LinesOf(dy.Rows));
        pool.Run(parts, new RowSumsBody(Pointer(dy), dy.Stride, dy.Rows, dy.Columns, Pointer(sums), accumulate, parts));
    }

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
            (int first, int end) = ShareOfLines(rows, index, parts);
            int whole = tokens / TSimd.Width * TSimd.Width;
            for (int row = first; row < end; row++)
            {
                float* at = dy + ((nint)row * stride);
                TVector total = TSimd.Broadcast(0);
                for (int block = 0; block < whole; block += SumVectors * TSimd.Width)
                {
                    int blockEnd = Math.Min(block + (SumVectors * TSimd.Width), whole);
                    TVector even = TSimd.Broadcast(0);
                    TVector odd = even;
                    int t = block;
                    for (; t + TSimd.Width < blockEnd; t += 2 * TSimd.Width)
                    {
                        even = TSimd.Add(even, TSimd.Load(at + t));
                        odd = TSimd.Add(odd, TSimd.Load(at + t + TSimd.Width));
                    }

                    if (t < blockEnd)
                    {
                        even = TSimd.Add(even, TSimd.Load(at + t));
                    }

                    total = TSimd.Add(total, TSimd.Add(even, odd));
                }

                float sum = TSimd.Sum(total);
                for (int t = whole; t < tokens; t++)
                {
                    sum += at[t];
                }

                sums[row] = accumulate ? sums[row] + sum : sum;
            }
        }
    }
}
