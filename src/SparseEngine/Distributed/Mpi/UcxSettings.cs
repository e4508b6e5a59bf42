using System.Runtime.InteropServices;
using System.Text;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// What UCX, which carries the messages of most builds of MPICH and of some of Open MPI, must not do in this process. It reads its settings from the
/// environment when it is loaded; those that the user has made stay.
/// </summary>
internal static class UcxSettings
{
    /// <summary>Makes them, before the library is loaded.</summary>
    /// <param name="isWitnessed">Whether a witness tells which process is lost first.</param>
    public static void Make(bool isWitnessed)
    {
        if (!OperatingSystem.IsWindows())
        {
            // The runtime needs these signals itself: it makes exceptions of them.
            Set("UCX_ERROR_SIGNALS", "");

            // It reads the memory of ranks of its host, and where one was killed it would stop all threads here, those too that tell of it.
            Set("UCX_HANDLE_ERRORS", "none");
            if (isWitnessed)
            {
                // And it would abort this process, before the killed one has ended altogether. Long messages are copied like short ones then.
                Set("UCX_RNDV_THRESH", "inf");
            }
        }
    }

    private static void Set(string name, string value) =>
        _ = Set(Encoding.UTF8.GetBytes(name + '\0'), Encoding.UTF8.GetBytes(value + '\0'), overwrite: 0);

#pragma warning disable SYSLIB1054 // The generated code would be unsafe. .NET's own variables are not those of the C library.
    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(byte[] name, byte[] value, int overwrite);
#pragma warning restore SYSLIB1054
}
