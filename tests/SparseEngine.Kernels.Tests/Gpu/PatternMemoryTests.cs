using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Tests.Gpu;

[Trait("device", "ilgpu")]
public class PatternMemoryTests
{
    // Value, gradient and two moments.
    private const int StateBytes = 4 * sizeof(float);

    [Theory]
    [InlineData(50, 29.75)]
    [InlineData(75, 30.25)]
    [InlineData(90, 32)]
    public void A_non_zero_in_training_takes_about_30_bytes_of_device_memory(int zeros, double limit)
    {
        const int Rows = 1024;
        const int Columns = 768;
        Random random = new(1);
        CsrPattern pattern = CsrPattern.FromMask(Rows, Columns, [.. Enumerable.Range(0, Rows * Columns).Select(_ => random.Next(100) >= zeros)]);
        using GpuDevice device = GpuDevice.CreateSmallGpu();

        using SparsePattern prepared = device.Prepare(
            pattern, RowPartition.EqualNonZeros(pattern.RowPointers, device.Cores),
            RowPartition.EqualNonZeros(pattern.ColumnPointers(), device.Cores));

        Assert.InRange(StateBytes + ((double)prepared.Bytes / pattern.NonZeros), 28, limit);
    }
}
