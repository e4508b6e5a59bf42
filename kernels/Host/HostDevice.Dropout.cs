using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;

namespace SparseEngine.Kernels.Host;

/// <content>Dropout.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void DropoutCore(in DeviceMatrix x, float rate, DropoutKey key)
    {
        // A draw of Philox takes a few nanoseconds.
        int parts = pool.PartsFor(4L * x.Rows * x.Columns, x.Rows);
        pool.Run(parts, new DropoutBody(Pointer(x), x.Stride, x.Rows, x.Columns, rate, key, parts));
    }

    private readonly struct DropoutBody(float* x, nint stride, int rows, int tokens, float rate, DropoutKey key, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            uint threshold = Philox.DropThreshold(rate);
            float factor = 1 / (1 - rate);
            (int first, int end) = Share(rows, index, parts);
            for (int row = first; row < end; row++)
            {
                // Elements of the whole batch are counted, without padding, so that every device draws the same mask.
                PhiloxStream draws = new(key, ((ulong)row * (ulong)key.TokensBeside(tokens)) + (ulong)key.FirstToken);
                float* at = x + (row * stride);
                for (int t = 0; t < tokens; t++)
                {
                    at[t] = draws.Next() < threshold ? 0 : at[t] * factor;
                }
            }
        }
    }
}
