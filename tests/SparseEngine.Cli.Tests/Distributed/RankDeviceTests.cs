using SparseEngine.Cli.Commands;
using SparseEngine.Distributed;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Cli.Tests.Distributed;

/// <summary>The GPU of a rank, on hosts that have them.</summary>
public sealed class RankDeviceTests
{
    private static readonly RankPlace[] Places = [new(2, "b", 20, 0), new(3, "b", 21, 1)];

    [Theory]
    [InlineData(DeviceKind.Auto, 0, "cuda")]
    [InlineData(DeviceKind.Auto, 1, "cuda:1")]
    [InlineData(DeviceKind.Cuda, 1, "cuda:1")]
    public void Each_rank_of_a_host_has_a_gpu_of_its_own(DeviceKind kind, int place, string device) =>
        Assert.Equal(device, $"{RankDevice.Of(new DeviceChoice(kind), Gpus(2), Places, Places[place])}");

    [Fact]
    public void Where_there_is_no_gpu_the_host_computes() =>
        Assert.Equal("host", $"{RankDevice.Of(new DeviceChoice(DeviceKind.Auto), Gpus(0), Places, Places[1])}");

    [Fact]
    public void Fewer_gpus_than_ranks_are_one_line()
    {
        DeviceException error =
            Assert.Throws<DeviceException>(() => RankDevice.Of(new DeviceChoice(DeviceKind.Auto), Gpus(1), Places, Places[0]));

        Assert.Equal(
            "host b has 1 CUDA device for 2 ranks; valid: no more ranks than that, or --device cuda:N for all to share one", error.Message);
    }

    private static AcceleratorInfo[] Gpus(int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(index => new AcceleratorInfo(AcceleratorKind.Cuda, index, $"GPU {index}", 1L << 34, 100, [], IsGpu: true)),
    ];
}
