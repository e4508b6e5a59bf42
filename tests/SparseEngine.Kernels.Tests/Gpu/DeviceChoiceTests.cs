using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

public class DeviceChoiceTests
{
    private static readonly AcceleratorInfo Cuda = new(AcceleratorKind.Cuda, 0, "NVIDIA", 1L << 34, 100, [], IsGpu: true);
    private static readonly AcceleratorInfo OpenClProcessor = new(AcceleratorKind.OpenCl, 0, "a CPU", 1L << 34, 8, [], IsGpu: false);
    private static readonly AcceleratorInfo OpenClGpu = new(AcceleratorKind.OpenCl, 1, "a GPU", 1L << 34, 8, [], IsGpu: true);
    private static readonly AcceleratorInfo Cpu = new(AcceleratorKind.Cpu, 0, "ILGPU CPU accelerator", 1L << 34, 2, [], IsGpu: false);

    [Fact]
    public void Auto_is_cuda_else_the_first_opencl_gpu_else_the_host()
    {
        Assert.Equal("cuda", Automatic(Cpu, OpenClGpu, OpenClProcessor, Cuda));
        Assert.Equal("opencl:1", Automatic(OpenClProcessor, OpenClGpu, Cpu));
        Assert.Equal("host", Automatic(OpenClProcessor, Cpu));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("host")]
    [InlineData("cuda")]
    [InlineData("cuda:1")]
    [InlineData("opencl:3")]
    [InlineData("ilgpu-cpu")]
    public void A_name_reads_as_it_prints(string name) => Assert.Equal(name, DeviceChoice.Parse(name).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("host:1")]
    [InlineData("ilgpu-cpu:0")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1:2")]
    public void Any_other_name_is_refused_with_the_valid_ones(string name) =>
        Assert.Equal(
            $"the device is \"{name}\"; valid: {DeviceChoice.ValidNames}", Assert.Throws<FormatException>(() => DeviceChoice.Parse(name)).Message);

    private static string Automatic(params AcceleratorInfo[] accelerators) => new DeviceChoice(DeviceKind.Auto).Resolve(accelerators).ToString();
}
