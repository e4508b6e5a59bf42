using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// What UCX, which carries the messages of most builds of MPICH and of some of Open MPI, must not do in this process. It reads its settings from the
/// environment when it is loaded; those that the user has made stay.
/// </summary>
internal static class UcxSettings
{
    /// <summary>Makes them, before the library is loaded.</summary>
    public static void Make(MpiFamily family)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // The runtime needs these signals itself: it makes exceptions of them.
        _ = Set("UCX_ERROR_SIGNALS", "", overwrite: 0);
        if (family == MpiFamily.Mpich)
        {
            // Reading the memory of a rank that was killed would abort this one, which is to tell of it.
            _ = Set("UCX_TLS", "^cma", overwrite: 0);
        }
    }

#pragma warning disable SYSLIB1054 // The generated code would be unsafe. .NET's own variables are not those of the C library.
    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
#pragma warning restore SYSLIB1054
}
