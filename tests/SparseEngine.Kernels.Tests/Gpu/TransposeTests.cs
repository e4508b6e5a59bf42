using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Gpu;

[Trait("device", "ilgpu")]
public class TransposeTests
{
    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(3, 17, 50)]
    [InlineData(65, 63, 90)]
    [InlineData(300, 20, 50)]
    [InlineData(20, 300, 95)]
    [InlineData(7, 9, 100)]
    [InlineData(0, 9, 0)]
    [InlineData(9, 0, 0)]
    public void A_pattern_is_transposed_in_order_with_the_positions_of_its_non_zeros(int rows, int columns, int zeros)
    {
        Random random = new(1);
        bool[] keep = [.. Enumerable.Range(0, rows * columns).Select(_ => random.Next(100) >= zeros)];
        CsrPattern pattern = CsrPattern.FromMask(rows, columns, keep);
        bool[] transposedKeep = [.. Enumerable.Range(0, keep.Length).Select(i => keep[(i % rows * columns) + (i / rows)])];
        CsrPattern expected = CsrPattern.FromMask(columns, rows, transposedKeep);
        foreach (DeviceFamily family in new[] { DeviceFamily.IlgpuCpu, DeviceFamily.IlgpuSmallGpu })
        {
            using BorrowedDevices devices = DevicePool.Borrow(family);
            (CsrPattern transposed, int[] positions) = ((GpuDevice)devices.All[0]).Transpose(pattern);

            Assert.Equal(expected.RowPointers, transposed.RowPointers);
            Assert.Equal(expected.Columns.ToArray(), transposed.Columns.ToArray());
            for (int column = 0; column < columns; column++)
            {
                for (int p = transposed.RowPointers[column]; p < transposed.RowPointers[column + 1]; p++)
                {
                    Assert.Equal(column, pattern.Columns[positions[p]]);
                    Assert.InRange(positions[p], pattern.RowPointers[transposed.Columns[p]], pattern.RowPointers[transposed.Columns[p] + 1] - 1);
                }
            }
        }
    }
}
