using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Sparse products as dense ones: with few zeros, filling them in costs less than going around them.</content>
internal sealed unsafe partial class HostDevice<TSimd, TVector>
{
    // The filled weight, or its gradient. One buffer serves all weights in turn, so no weight has a dense copy of its own.
    private HostBuffer<float>? filled;

    /// <inheritdoc/>
    public override bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens)
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
        pool.Run(pattern.Forward.Partition.Blocks, new FillBody(pattern.Csr, pattern.Forward.Partition, values, Pointer(matrix, nameof(pattern))));
        return matrix;
    }

    /// <summary>gradient[p] = (accumulate ? gradient[p] : 0) + the element of <paramref name="matrix"/> at non-zero p.</summary>
    private void Sample(HostPattern pattern, in DeviceMatrix matrix, float* gradient, bool accumulate) =>
        pool.Run(pattern.Forward.Partition.Blocks, new SampleBody(pattern.Csr, pattern.Forward.Partition, Pointer(matrix, nameof(matrix)), gradient, accumulate));

    private readonly struct FillBody(CsrPattern csr, RowPartition partition, float* values, float* matrix) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            fixed (int* columns = csr.Columns)
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    float* to = matrix + ((nint)row * csr.ColumnCount);
                    new Span<float>(to, csr.ColumnCount).Clear();
                    int end = csr.RowPointers[row + 1];
                    for (int p = csr.RowPointers[row]; p < end; p++)
                    {
                        to[columns[p]] = values[p];
                    }
                }
            }
        }
    }

    private readonly struct SampleBody(CsrPattern csr, RowPartition partition, float* matrix, float* gradient, bool accumulate) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            fixed (int* columns = csr.Columns)
            {
                for (int row = partition.Boundaries[index]; row < partition.Boundaries[index + 1]; row++)
                {
                    float* from = matrix + ((nint)row * csr.ColumnCount);
                    int end = csr.RowPointers[row + 1];
                    for (int p = csr.RowPointers[row]; p < end; p++)
                    {
                        gradient[p] = accumulate ? gradient[p] + from[columns[p]] : from[columns[p]];
                    }
                }
            }
        }
    }
}
