using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Multiplication by a number.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void ScaleCore(in DeviceMatrix x, float factor)
    {
        int parts = PartsOfRows(x.Rows, x.Columns, matrices: 2);
        pool.Run(parts, new ScaleBody(Pointer(x), x.Stride, x.Rows, DeviceMatrix.Padded(x.Columns), factor, parts));
    }

    private readonly struct ScaleBody(float* x, int stride, int rows, int padded, float factor, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(rows, index, parts);
            TVector value = TSimd.Broadcast(factor);
            for (int row = first; row < end; row++)
            {
                float* at = x + ((nint)row * stride);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(at + t, TSimd.Multiply(value, TSimd.Load(at + t)));
                }
            }
        }
    }
}
