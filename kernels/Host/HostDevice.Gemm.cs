using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>The dense product.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // A panel of B, GemmDepth x 2 vectors, stays in L1 while a block of A, GemmRows x GemmDepth, stays in L2.
    private const int GemmDepth = 256;
    private const int GemmColumns = 1024;

    private static int GemmRows => 32 * GemmMicrokernel<TSimd, TVector>.Rows;

    /// <inheritdoc/>
    private protected override void GemmCore(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate)
    {
        int m = c.Rows;
        int n = c.Columns;
        if (n == 1 && layout == GemmLayout.Normal)
        {
            MatrixVector(a, b, c, accumulate);
            return;
        }

        int depth = layout == GemmLayout.TransposedA ? a.Rows : a.Columns;
        long time = MultiplyAdds((double)m * n * depth);
        GemmBlocks blocks = GemmBlocks.Of(
            m, n, GemmMicrokernel<TSimd, TVector>.Rows, GemmMicrokernel<TSimd, TVector>.Columns, GemmColumns, pool.PartsFor(time, pool.Workers));
        pool.Run(
            blocks.Count(m, n),
            new GemmBody(
                layout, Pointer(a), a.Stride, Pointer(b), b.Stride, Pointer(c), c.Stride, m, n, depth, blocks, accumulate),
            time);
    }

    private readonly struct GemmBody(
        GemmLayout layout, float* a, nint aStride, float* b, nint bStride, float* c, nint cStride, int m, int n, int depth, GemmBlocks blocks,
        bool accumulate)
        : IParallelBody
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index, WorkerScratch scratch)
        {
            int panelColumns = GemmMicrokernel<TSimd, TVector>.Columns;
            int rowBlocks = (m + blocks.Rows - 1) / blocks.Rows;
            int firstRow = index % rowBlocks * blocks.Rows;
            int firstColumn = index / rowBlocks * blocks.Columns;
            int rows = Math.Min(blocks.Rows, m - firstRow);
            int columns = Math.Min(blocks.Columns, n - firstColumn);
            float* packedA = scratch.Take((GemmRows + blocks.Columns) * GemmDepth);
            float* packedB = packedA + (GemmRows * GemmDepth);
            bool add = accumulate;
            int k = 0;
            do
            {
                int block = Math.Min(GemmDepth, depth - k);
                PackB(firstColumn, columns, k, block, packedB);
                for (int row = 0; row < rows; row += GemmRows)
                {
                    int count = Math.Min(GemmRows, rows - row);
                    PackA(firstRow + row, count, k, block, packedA);
                    float* output = c + ((firstRow + row) * cStride) + firstColumn;
                    for (int column = 0; column < columns; column += panelColumns)
                    {
                        GemmMicrokernel<TSimd, TVector>.RunPanel(
                            block, packedA, (nint)block * GemmMicrokernel<TSimd, TVector>.Rows, packedB + ((nint)column * block), output + column,
                            cStride,
                            count, Math.Min(panelColumns, columns - column), add);
                    }
                }

                add = true;
                k += GemmDepth;
            }
            while (k < depth);
        }

        private void PackA(int firstRow, int rows, int k, int block, float* packed)
        {
            if (layout == GemmLayout.TransposedA)
            {
                PackedPanels.CopyRows(a + (k * aStride) + firstRow, aStride, rows, block, GemmMicrokernel<TSimd, TVector>.Rows, packed);
            }
            else
            {
                PackedPanels.CopyColumns(a + (firstRow * aStride) + k, aStride, rows, block, GemmMicrokernel<TSimd, TVector>.Rows, packed);
            }
        }

        private void PackB(int firstColumn, int columns, int k, int block, float* packed)
        {
            if (layout == GemmLayout.TransposedB)
            {
                PackedPanels.CopyColumns(b + (firstColumn * bStride) + k, bStride, columns, block, GemmMicrokernel<TSimd, TVector>.Columns, packed);
            }
            else
            {
                PackedPanels.CopyRows(b + (k * bStride) + firstColumn, bStride, columns, block, GemmMicrokernel<TSimd, TVector>.Columns, packed);
            }
        }
    }
}
