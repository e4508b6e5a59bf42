using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The residual sum.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    private protected override void AddCore(in DeviceMatrix x, in DeviceMatrix y)
    {
        int parts = PartsOfRows(y.Rows, y.Columns, matrices: 3);
        pool.Run(parts, new AddBody(Pointer(x), x.Stride, Pointer(y), y.Stride, y.Rows, DeviceMatrix.Padded(y.Columns), parts));
    }

    private readonly struct AddBody(float* x, int xStride, float* y, int yStride, int rows, int padded, int parts) : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            (int first, int end) = Share(rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float* from = x + ((nint)row * xStride);
                float* to = y + ((nint)row * yStride);
                for (int t = 0; t < padded; t += TSimd.Width)
                {
                    TSimd.Store(to + t, TSimd.Add(TSimd.Load(from + t), TSimd.Load(to + t)));
                }
            }
        }
    }
}
