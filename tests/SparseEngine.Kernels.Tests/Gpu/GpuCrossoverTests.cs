using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>From how many non-zeros on products are dense, against what docs/gpu.md measured on an H200.</summary>
public class GpuCrossoverTests
{
    [Theory]
    [InlineData(SparseProduct.Spmm, 2048, 2048, 8192, 0.50, true)]
    [InlineData(SparseProduct.Spmm, 8192, 2048, 8192, 0.70, false)]
    [InlineData(SparseProduct.Spmm, 512, 2048, 2048, 0.25, false)]
    [InlineData(SparseProduct.Spmm, 1024, 1024, 2048, 0.35, true)]
    [InlineData(SparseProduct.SpmmTransposed, 2048, 512, 2048, 0.08, false)]
    [InlineData(SparseProduct.SpmmTransposed, 2048, 2048, 8192, 0.15, true)]
    [InlineData(SparseProduct.SpmmTransposed, 2048, 2048, 8192, 0.35, false)]
    [InlineData(SparseProduct.Sddmm, 512, 512, 8192, 0.25, true)]
    [InlineData(SparseProduct.Sddmm, 512, 512, 8192, 0.35, false)]
    [InlineData(SparseProduct.Sddmm, 2048, 8192, 2048, 0.40, true)]
    [InlineData(SparseProduct.Sddmm, 2048, 8192, 2048, 0.50, false)]
    public void Rows_that_share_columns_are_multiplied_by_non_zeros_where_that_was_faster(
        SparseProduct product, int rows, int columns, int tokens, double density, bool sparse) =>
        Assert.Equal(
            sparse, density <= GpuCrossover.DensityOfQuads(product, rows, columns, tokens, hasCuBlas: true, MatmulPrecision.Highest));

    [Theory]
    [InlineData(512, 512, 2048, 0.05, true)]
    [InlineData(512, 512, 2048, 0.10, false)]
    [InlineData(2048, 2048, 8192, 0.15, true)]
    [InlineData(2048, 2048, 8192, 0.25, false)]
    public void Scattered_non_zeros_are_fired_where_that_was_faster(int rows, int columns, int tokens, double density, bool sparse) =>
        Assert.Equal(sparse, density <= GpuCrossover.Density((long)rows * columns, tokens, hasCuBlas: true, MatmulPrecision.Highest));

    [Theory]
    [InlineData(true, MatmulPrecision.High)]
    [InlineData(false, MatmulPrecision.Highest)]
    public void Another_dense_product_has_another_limit(bool hasCuBlas, MatmulPrecision precision)
    {
        double usual = GpuCrossover.DensityOfQuads(SparseProduct.Spmm, 2048, 2048, 2048, hasCuBlas: true, MatmulPrecision.Highest);
        double other = GpuCrossover.DensityOfQuads(SparseProduct.Spmm, 2048, 2048, 2048, hasCuBlas, precision);
        Assert.Equal(hasCuBlas, other < usual);
    }
}
