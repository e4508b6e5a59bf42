using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Sparse products as dense ones: with few zeros, filling them in costs less than going around them.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // The filled weight, or its gradient. One buffer serves all weights in turn, so no weight has a dense copy of its own.
    private HostBuffer<float>? filled;

    /// <inheritdoc/>
    public override bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens, int blockRows = 1)
    {
        long elements = (long)rows * columns;
        return elements > 0 && elements <= Array.MaxLength && tokens > 0 && method switch
        {
            ProductMethod.Sparse => false,
            ProductMethod.Dense => true,
            _ => nonZeros > DenseCrossover.Density(product, tokens, TSimd.Width) * elements,
        };
    }

    private bool ComputesDense(SparseProduct product, CsrPattern csr, int tokens) =>
        ComputesDense(product, csr.Rows, csr.ColumnCount, csr.NonZeros, tokens);

    private DeviceMatrix FilledMatrix(CsrPattern csr) =>
        new(Reserve(ref filled, csr.Rows * csr.ColumnCount), 0, csr.Rows, csr.ColumnCount, csr.ColumnCount);

    /// <summary>The weight with its zeros, valid until the next product.</summary>
    private DeviceMatrix Fill(HostPattern pattern, float* values)
    {
        DeviceMatrix matrix = FilledMatrix(pattern.Csr);
        RowPartition rows = pattern.Forward.Partition;
        pool.Run(rows.Blocks, new FillBody(pattern.Csr, rows, values, Pointer(matrix)), FillTime(pattern));
        return matrix;
    }

    /// <summary>gradient[p] = (accumulate ? gradient[p] : 0) + the element of <paramref name="matrix"/> at non-zero p.</summary>
    private void Sample(HostPattern pattern, in DeviceMatrix matrix, float* gradient, bool accumulate) => pool.Run(
        pattern.Forward.Partition.Blocks, new SampleBody(pattern.Csr, pattern.Forward.Partition, Pointer(matrix), gradient, accumulate),
        FillTime(pattern));

    private static long FillTime(HostPattern pattern) => pattern.Csr.NonZeros + Streams(pattern.Csr.Rows, pattern.Csr.ColumnCount, matrices: 1);

    private readonly struct FillBody(CsrPattern csr, RowPartition partition, float* values, float* matrix) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (csr.HasNarrowColumns)
            {
                Fill<ushort>(index);
            }
            else
            {
                Fill<int>(index);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Fill<TColumn>(int index)
            where TColumn : unmanaged, IBinaryInteger<TColumn>
        {
            float* from = values;
            fixed (TColumn* columns = csr.ColumnsAs<TColumn>())
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    float* to = matrix + ((nint)row * csr.ColumnCount);
                    new Span<float>(to, csr.ColumnCount).Clear();
                    int p = csr.RowPointers[row];
                    int end = csr.RowPointers[row + 1];
                    for (; p + 4 <= end; p += 4)
                    {
                        to[nint.CreateTruncating(columns[p])] = from[p];
                        to[nint.CreateTruncating(columns[p + 1])] = from[p + 1];
                        to[nint.CreateTruncating(columns[p + 2])] = from[p + 2];
                        to[nint.CreateTruncating(columns[p + 3])] = from[p + 3];
                    }

                    for (; p < end; p++)
                    {
                        to[nint.CreateTruncating(columns[p])] = from[p];
                    }
                }
            }
        }
    }

    private readonly struct SampleBody(CsrPattern csr, RowPartition partition, float* matrix, float* gradient, bool accumulate) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (csr.HasNarrowColumns)
            {
                Sample<ushort>(index);
            }
            else
            {
                Sample<int>(index);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Sample<TColumn>(int index)
            where TColumn : unmanaged, IBinaryInteger<TColumn>
        {
            float* to = gradient;
            fixed (TColumn* columns = csr.ColumnsAs<TColumn>())
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    float* from = matrix + ((nint)row * csr.ColumnCount);
                    int p = csr.RowPointers[row];
                    int end = csr.RowPointers[row + 1];
                    for (; p + 4 <= end; p += 4)
                    {
                        Vector128<float> four = Vector128.Create(
                            from[nint.CreateTruncating(columns[p])], from[nint.CreateTruncating(columns[p + 1])],
                            from[nint.CreateTruncating(columns[p + 2])], from[nint.CreateTruncating(columns[p + 3])]);
                        (accumulate ? Vector128.Load(to + p) + four : four).Store(to + p);
                    }

                    for (; p < end; p++)
                    {
                        float sampled = from[nint.CreateTruncating(columns[p])];
                        to[p] = accumulate ? to[p] + sampled : sampled;
                    }
                }
            }
        }
    }
}
