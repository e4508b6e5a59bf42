using ILGPU;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Gpu;

/// <content>Sparse products as dense ones: with few zeros, filling them in costs less than going around them.</content>
internal sealed partial class GpuDevice
{
    // The filled weight, or its gradient. One buffer serves all weights in turn, so no weight has a dense copy of its own.
    private GpuBuffer<float>? filled;

    /// <inheritdoc/>
    public override bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens, int blockRows = 1)
    {
        long elements = (long)rows * columns;
        return elements > 0 && elements <= Array.MaxLength && tokens > 0 && options.Method switch
        {
            ProductMethod.Sparse => false,
            ProductMethod.Dense => true,
            _ => kind != AcceleratorKind.Cpu && nonZeros > elements * (blockRows % RowQuads.Rows == 0
                ? GpuCrossover.DensityOfQuads(product, rows, columns, tokens, HasCuBlas, options.Matmul)
                : GpuCrossover.Density(elements, tokens, HasCuBlas, options.Matmul)),
        };
    }

    private bool ComputesDense(SparseProduct product, SparsePattern pattern, int tokens) =>
        ComputesDense(product, pattern.Csr.Rows, pattern.Csr.ColumnCount, pattern.Csr.NonZeros, tokens, pattern.BlockRows);

    private DeviceMatrix FilledMatrix(CsrPattern csr)
    {
        int length = csr.Rows * csr.ColumnCount;
        if (filled is null || filled.Length < length)
        {
            // Launches that use the old memory may still be under way.
            Synchronize();
            filled?.Dispose();
            filled = null;
            filled = new GpuBuffer<float>(this, length);
        }

        return new DeviceMatrix(filled, 0, csr.Rows, csr.ColumnCount, csr.ColumnCount);
    }

    /// <summary>The weight with its zeros, valid until the next product.</summary>
    private DeviceMatrix Fill(in CsrMatrix weight)
    {
        GpuPattern pattern = Own(weight.Pattern);
        DeviceMatrix matrix = FilledMatrix(pattern.Csr);
        int length = matrix.Rows * matrix.Columns;
        Zero(Own(matrix.Buffer), length);
        ArrayView<float> memory = View(matrix.Buffer).SubView(0, length);
        LaunchLinear(pattern.Csr.NonZeros, new ScatterKernel(View(weight.Values), pattern.Elements.View, pattern.Csr.NonZeros, memory));
        return matrix;
    }

    /// <summary>gradient[p] = (accumulate ? gradient[p] : 0) + the element of <paramref name="matrix"/> at non-zero p.</summary>
    private void Sample(GpuPattern pattern, in DeviceMatrix matrix, ArrayView<float> gradient, bool accumulate) =>
        LaunchLinear(
            pattern.Csr.NonZeros,
            new GatherKernel(View(matrix.Buffer), pattern.Elements.View, pattern.Csr.NonZeros, gradient, accumulate ? 1 : 0));
}

/// <summary>matrix[elements[p]] = values[p].</summary>
internal readonly struct ScatterKernel(ArrayView<float> values, ArrayView<int> elements, int count, ArrayView<float> matrix) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            matrix[elements[i]] = values[i];
        }
    }
}

/// <summary>values[p] = matrix[elements[p]], added to what they were where they accumulate.</summary>
internal readonly struct GatherKernel(ArrayView<float> matrix, ArrayView<int> elements, int count, ArrayView<float> values, int accumulate) : IKernel
{
    public void Invoke()
    {
        for (int i = Work.First; i < count; i += Work.Stride)
        {
            float element = matrix[elements[i]];
            values[i] = accumulate != 0 ? values[i] + element : element;
        }
    }
}
