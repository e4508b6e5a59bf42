using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ILGPU;
using ILGPU.Runtime.OpenCL;

namespace SparseEngine.Kernels.Gpu;

/// <summary>Finds OpenCL's library by the name that drivers install it under.</summary>
/// <remarks>
/// ILGPU asks for "OpenCL", which on Linux means libOpenCL.so: that comes with the headers for developers, and drivers bring libOpenCL.so.1.
/// </remarks>
internal static class OpenClLibrary
{
    private const string Name = "OpenCL";
    private const string InstalledName = "libOpenCL.so.1";

    static OpenClLibrary() => AssemblyLoadContext.GetLoadContext(typeof(Context).Assembly)!.ResolvingUnmanagedDll += Find;

    /// <summary>Adds the devices of OpenCL.</summary>
    public static Context.Builder AddTo(Context.Builder builder) => builder.OpenCL();

    // Called where no library of the name was found.
    private static nint Find(Assembly assembly, string name) =>
        name == Name && NativeLibrary.TryLoad(InstalledName, out nint library) ? library : 0;
}
