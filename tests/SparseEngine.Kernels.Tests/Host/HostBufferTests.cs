using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels.Tests.Host;

public class HostBufferTests
{
    [Fact]
    public void A_buffer_starts_out_as_zeros_and_gives_back_what_it_was_given()
    {
        using HostDevice device = HostDevice.Create(1);
        using DeviceBuffer<int> buffer = device.Allocate<int>(5);
        Assert.Equal([0, 0, 0, 0, 0], Contents(buffer));
        buffer.CopyFrom([1, 2, 3], offset: 2);
        Assert.Equal([0, 0, 1, 2, 3], Contents(buffer));
        int[] part = new int[2];
        buffer.CopyTo(part, offset: 1);
        Assert.Equal([0, 1], part);
        buffer.Clear();
        Assert.Equal([0, 0, 0, 0, 0], Contents(buffer));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 6)]
    [InlineData(5, 1)]
    [InlineData(6, 0)]
    [InlineData(int.MaxValue, 2)]
    public void A_range_outside_the_buffer_is_refused(int offset, int length)
    {
        using HostDevice device = HostDevice.Create(1);
        using DeviceBuffer<float> buffer = device.Allocate<float>(5);
        Assert.Throws<ArgumentException>(() => buffer.CopyFrom(new float[length], offset));
        Assert.Throws<ArgumentException>(() => buffer.CopyTo(new float[length], offset));
    }

    [Fact]
    public void An_empty_buffer_holds_nothing()
    {
        using HostDevice device = HostDevice.Create(1);
        using DeviceBuffer<float> buffer = device.Allocate<float>(0);
        buffer.CopyFrom([]);
        buffer.Clear();
        Assert.Equal(0, buffer.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Allocate<float>(-1));
    }

    [Fact]
    public void A_disposed_buffer_is_refused()
    {
        using HostDevice device = HostDevice.Create(1);
        DeviceBuffer<float> buffer = device.Allocate<float>(5);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Clear());
        using DeviceSum sum = device.AllocateSum();
        Assert.Throws<ObjectDisposedException>(() => device.AddSumOfSquares(buffer, sum));
    }

    [Fact]
    public void A_device_takes_its_buffers_with_it()
    {
        HostDevice device = HostDevice.Create(1);
        DeviceBuffer<float> buffer = device.Allocate<float>(5);
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Clear());
        buffer.Dispose();
    }

    [Fact]
    public void Rows_of_activations_are_padded_to_whole_lines()
    {
        using HostDevice device = HostDevice.Create(1);
        foreach (int tokens in new[] { 0, 1, 16, 17, 256, 1024, 1000 })
        {
            DeviceMatrix matrix = device.AllocateActivations(3, tokens);
            Assert.Equal((3, tokens, 0), (matrix.Rows, matrix.Columns, matrix.Stride % 16));
            Assert.True(matrix.Stride >= tokens);
            Assert.Equal(3 * matrix.Stride, matrix.Buffer.Length);
            matrix.Buffer.Dispose();
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => device.AllocateActivations(-1, 1));
        Assert.Throws<OverflowException>(() => device.AllocateActivations(1 << 20, 1 << 20));
    }

    private static int[] Contents(DeviceBuffer<int> buffer)
    {
        int[] contents = new int[buffer.Length];
        buffer.CopyTo(contents);
        return contents;
    }
}
