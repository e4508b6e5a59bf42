using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Shared memory beyond the 48 KiB of a group, which CUDA gives to kernels for which its driver is asked; ILGPU has no way to ask.</summary>
internal static class CudaSharedMemory
{
    // CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    private const DeviceAttributeKind MostOfGroup = (DeviceAttributeKind)97;

    private static readonly Lazy<SetFunctionAttribute?> Setter = new(Find);

    private delegate CudaError SetFunctionAttribute(nint function, FunctionAttribute attribute, int value);

    // Of the driver's CUfunction_attribute.
    private enum FunctionAttribute
    {
        MaxDynamicSharedSizeBytes = 8,

        // In percent of what a multiprocessor has for its first-level cache and shared memory.
        PreferredSharedMemoryCarveout = 9,
    }

    /// <summary>Columns of a sparse product's tile.</summary>
    public static int TileColumns(CudaAccelerator accelerator) => Setter.Value is null
        ? InputTile.StaticColumns
        : InputTile.ColumnsFor(accelerator.MaxSharedMemoryPerMultiprocessor, MaxBytesOfGroup(accelerator));

    /// <summary>Lets a kernel's groups have all the dynamic shared memory that the GPU has for them.</summary>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public static void Allow(CudaAccelerator accelerator, CudaKernel kernel)
    {
        accelerator.Bind();
        Set(kernel, FunctionAttribute.MaxDynamicSharedSizeBytes, MaxBytesOfGroup(accelerator));

        // Else the driver may keep a part for the cache that the second group needs.
        Set(kernel, FunctionAttribute.PreferredSharedMemoryCarveout, 100);
    }

    private static int MaxBytesOfGroup(CudaAccelerator accelerator) => CudaAPI.CurrentAPI.GetDeviceAttribute(MostOfGroup, accelerator.DeviceId);

    private static void Set(CudaKernel kernel, FunctionAttribute attribute, int value) =>
        CudaException.ThrowIfFailed(Setter.Value!(kernel.FunctionPtr, attribute, value));

    // The driver's library is loaded by the time that there is an accelerator, so that its own name finds it wherever it lies.
    private static SetFunctionAttribute? Find() =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda" : "libcuda.so.1", out nint library)
        && NativeLibrary.TryGetExport(library, "cuFuncSetAttribute", out nint function)
            ? Marshal.GetDelegateForFunctionPointer<SetFunctionAttribute>(function)
            : null;
}
