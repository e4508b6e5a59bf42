using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Gpu;

/// <content>Errors of the driver.</content>
internal sealed partial class GpuDevice
{
    /// <summary>
    /// What an error of the driver is to the caller: one line that names the device. From then on, memory that cannot be released is let go.
    /// </summary>
    public DeviceException Failure(Exception error)
    {
        failed = true;
        return Failure(Description, error);
    }

    private static Accelerator Open(Context context, Device device)
    {
        try
        {
            return device.CreateAccelerator(context);
        }
        catch (AcceleratorException error)
        {
            context.Dispose();
            throw Failure(device.Name, error);
        }
    }

    // Of an error of OpenCL, ILGPU tells the code alone.
    private static DeviceException Failure(string device, Exception error) => new(
        error is CLException { Error: var code } ? $"{device}: its driver answers {code}" : $"{device}: {error.Message.ReplaceLineEndings(" ")}",
        error);
}
