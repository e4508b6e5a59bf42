using System.Numerics;
using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>
/// Products with a single column, as a text makes them that is generated token by token: bound by the bytes of the matrix, which is read once, where
/// it lies.
/// </content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    private void MatrixVector(in DeviceMatrix a, in DeviceMatrix x, in DeviceMatrix y, bool accumulate)
    {
        int parts = pool.PartsFor(Streams(a.Rows, a.Columns, matrices: 1), a.Rows);
        pool.Run(
            parts, new MatrixVectorBody(Pointer(a), a.Stride, a.Rows, a.Columns, Pointer(x), x.Stride, Pointer(y), y.Stride, accumulate, parts));
    }

    private void MatrixVector(HostPattern pattern, float* values, in DeviceMatrix x, in DeviceMatrix y, float* bias)
    {
        RowPartition rows = pattern.Forward.Partition;
        pool.Run(
            rows.Blocks,
            new SparseMatrixVectorBody(pattern.Csr, rows, values, Pointer(x), x.Stride, Pointer(y), y.Stride, bias),
            pattern.Csr.NonZeros);
    }

    private static float* PackVector(float* x, nint stride, int length, WorkerScratch scratch)
    {
        float* packed = scratch.Take(length);
        for (int k = 0; k < length; k++)
        {
            packed[k] = x[k * stride];
        }

        return packed;
    }

    private readonly struct MatrixVectorBody(
        float* a, nint aStride, int rows, int depth, float* x, nint xStride, float* y, nint yStride, bool accumulate, int parts) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* vector = PackVector(x, xStride, depth, scratch);
            (int first, int end) = Share(rows, index, parts);
            for (int row = first; row < end; row++)
            {
                float sum = Dot(a + (row * aStride), vector, depth);
                float* output = y + (row * yStride);
                *output = accumulate ? *output + sum : sum;
            }
        }

        // Four sums hide the latency of a multiply-add.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Dot(float* a, float* b, int length)
        {
            TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            int k = 0;
            for (; k <= length - (4 * TSimd.Width); k += 4 * TSimd.Width)
            {
                sum0 = TSimd.MultiplyAdd(TSimd.Load(a + k), TSimd.Load(b + k), sum0);
                sum1 = TSimd.MultiplyAdd(TSimd.Load(a + k + TSimd.Width), TSimd.Load(b + k + TSimd.Width), sum1);
                sum2 = TSimd.MultiplyAdd(TSimd.Load(a + k + (2 * TSimd.Width)), TSimd.Load(b + k + (2 * TSimd.Width)), sum2);
                sum3 = TSimd.MultiplyAdd(TSimd.Load(a + k + (3 * TSimd.Width)), TSimd.Load(b + k + (3 * TSimd.Width)), sum3);
            }

            for (; k <= length - TSimd.Width; k += TSimd.Width)
            {
                sum0 = TSimd.MultiplyAdd(TSimd.Load(a + k), TSimd.Load(b + k), sum0);
            }

            float sum = TSimd.Sum(TSimd.Add(TSimd.Add(sum0, sum1), TSimd.Add(sum2, sum3)));
            for (; k < length; k++)
            {
                sum += a[k] * b[k];
            }

            return sum;
        }
    }

    private readonly struct SparseMatrixVectorBody(
        CsrPattern csr, RowPartition partition, float* values, float* x, nint xStride, float* y, nint yStride, float* bias) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            float* vector = PackVector(x, xStride, csr.ColumnCount, scratch);
            ReadOnlySpan<int> pointers = csr.RowPointers;
            fixed (ushort* narrow = csr.Columns.Narrow)
            fixed (int* wide = csr.Columns.Wide)
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    int first = pointers[row];
                    int count = pointers[row + 1] - first;
                    float sum = wide is null ? Dot(values + first, narrow + first, count, vector) : Dot(values + first, wide + first, count, vector);
                    y[row * yStride] = bias is null ? sum : sum + bias[row];
                }
            }
        }

        // Three loads a non-zero of single values, as many as a core makes in a cycle: no slower than memory brings them.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Dot<TColumn>(float* values, TColumn* columns, int count, float* x)
            where TColumn : unmanaged, IBinaryInteger<TColumn>
        {
            float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            int p = 0;
            for (; p <= count - 4; p += 4)
            {
                sum0 += values[p] * x[nint.CreateTruncating(columns[p])];
                sum1 += values[p + 1] * x[nint.CreateTruncating(columns[p + 1])];
                sum2 += values[p + 2] * x[nint.CreateTruncating(columns[p + 2])];
                sum3 += values[p + 3] * x[nint.CreateTruncating(columns[p + 3])];
            }

            for (; p < count; p++)
            {
                sum0 += values[p] * x[nint.CreateTruncating(columns[p])];
            }

            return sum0 + sum1 + (sum2 + sum3);
        }
    }
}
