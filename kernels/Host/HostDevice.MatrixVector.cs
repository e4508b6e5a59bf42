using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
        private const int ElementsAhead = 384;

        public void Invoke(int index, WorkerScratch scratch)
        {
            float* vector = PackVector(x, xStride, csr.ColumnCount, scratch);
            if (csr.HasNarrowColumns)
            {
                Multiply<ushort>(index, vector);
            }
            else
            {
                Multiply<int>(index, vector);
            }
        }

        private void Multiply<TColumn>(int index, float* vector)
            where TColumn : unmanaged, IBinaryInteger<TColumn>
        {
            ReadOnlySpan<int> pointers = csr.RowPointers;
            fixed (TColumn* columns = csr.ColumnsAs<TColumn>())
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    int first = pointers[row];
                    float sum = Dot(values + first, columns + first, pointers[row + 1] - first, vector);
                    y[row * yStride] = bias is null ? sum : sum + bias[row];
                }
            }
        }

        // Lanes of four: fewer instructions than single values take, and no gathering, which many processors do slowly since they were patched.
        // Memory is asked for early, as rows are too short for the hardware to run ahead by itself.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Dot<TColumn>(float* values, TColumn* columns, int count, float* x)
            where TColumn : unmanaged, IBinaryInteger<TColumn>
        {
            Vector128<float> sum0 = default, sum1 = default;
            int p = 0;
            for (; p <= count - 8; p += 8)
            {
                CacheLines.Prefetch(values + p + ElementsAhead);
                CacheLines.Prefetch((float*)(columns + p + ElementsAhead));
                sum0 = Vector128.MultiplyAddEstimate(Vector128.Load(values + p), Gathered(x, columns + p), sum0);
                sum1 = Vector128.MultiplyAddEstimate(Vector128.Load(values + p + 4), Gathered(x, columns + p + 4), sum1);
            }

            float sum = Vector128.Sum(sum0 + sum1);
            for (; p < count; p++)
            {
                sum += values[p] * x[nint.CreateTruncating(columns[p])];
            }

            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Gathered<TColumn>(float* x, TColumn* columns)
            where TColumn : unmanaged, IBinaryInteger<TColumn> => Vector128.Create(
                x[nint.CreateTruncating(columns[0])], x[nint.CreateTruncating(columns[1])],
                x[nint.CreateTruncating(columns[2])], x[nint.CreateTruncating(columns[3])]);
    }
}
