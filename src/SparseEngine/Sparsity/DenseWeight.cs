using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Sparsity;

/// <summary>A weight before its mask is applied: here, and on the device from the moment that somebody needs it there.</summary>
/// <param name="device">Where its mask is chosen and applied.</param>
/// <param name="elements">Its elements, row-major; NaN marks places that are sparse already.</param>
internal sealed class DenseWeight(ComputeDevice device, float[] elements) : IDisposable
{
    private DeviceBuffer<float>? uploaded;

    /// <summary>Its elements, row-major.</summary>
    public ReadOnlySpan<float> Elements => elements;

    /// <summary>The same on the device.</summary>
    public DeviceBuffer<float> OnDevice
    {
        get
        {
            if (uploaded is null)
            {
                uploaded = device.Allocate<float>(elements.Length);
                uploaded.CopyFrom(elements);
            }

            return uploaded;
        }
    }

    /// <summary>Flags for its elements on the same device, from flags that were made here.</summary>
    public DeviceBuffer<byte> Upload(ReadOnlySpan<bool> keep)
    {
        DeviceBuffer<byte> flags = device.Allocate<byte>(keep.Length);
        flags.CopyFrom(MemoryMarshal.Cast<bool, byte>(keep));
        return flags;
    }

    /// <inheritdoc/>
    public void Dispose() => uploaded?.Dispose();
}
