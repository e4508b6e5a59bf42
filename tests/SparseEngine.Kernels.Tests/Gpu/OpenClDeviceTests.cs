using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>What of OpenCL this machine has; the conformance suite runs on its first device.</summary>
[Trait("device", "ilgpu")]
[Trait("device", "opencl")]
public class OpenClDeviceTests
{
    [Fact]
    public void Every_device_of_opencl_opens_by_its_number_a_cpu_too()
    {
        AcceleratorInfo[] devices = [.. IlgpuDevice.Enumerate().Where(accelerator => accelerator.Kind == AcceleratorKind.OpenCl)];
        Assert.SkipWhen(
            devices.Length == 0, "there is no OpenCL device with generic addresses here: conformance and reference runs leave OpenCL out");
        foreach (AcceleratorInfo info in devices)
        {
            using ComputeDevice device = DeviceChoice.Parse($"opencl:{info.Index}").Open(threads: 1);
            Assert.Contains(info.Name, device.Description, StringComparison.Ordinal);
            using DeviceBuffer<float> buffer = device.Allocate<float>(3);
            buffer.CopyFrom([1, 2], offset: 1);
            float[] held = new float[3];
            buffer.CopyTo(held);
            Assert.Equal([0, 1, 2], held);
        }
    }
}
