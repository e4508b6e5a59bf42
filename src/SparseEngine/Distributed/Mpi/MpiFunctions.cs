using System.Runtime.InteropServices;
using System.Text;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// The functions of MPI that are used here. A handle is an address or, in MPICH, a number of 32 bits: either travels in a register, and either is
/// written into the low bytes of a zero.
/// </summary>
internal static class MpiFunctions
{
    private const string Library = "mpi";

    // MPICH's MPI_MAX_ERROR_STRING is 512 or 1024, Open MPI's 256.
    private const int LongestError = 4096;

    private static nint handle;

    /// <summary>Takes the functions of a library; to the end of the process, as MPI itself can be started but once.</summary>
    public static void Use(MpiLibrary library)
    {
        if (Interlocked.Exchange(ref handle, library.Handle) == 0)
        {
            NativeLibrary.SetDllImportResolver(typeof(MpiFunctions).Assembly, (name, _, _) => name == Library ? handle : 0);
        }
    }

    /// <summary>Says what a function returned, where that is an error.</summary>
    /// <exception cref="CommunicationException">It is one.</exception>
    public static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new CommunicationException($"{function} failed: {Text(result)}");
        }
    }

    [DllImport(Library, EntryPoint = "MPI_Init_thread")]
    public static extern int Initialize(nint argumentCount, nint arguments, int required, out int provided);

    [DllImport(Library, EntryPoint = "MPI_Finalize")]
    public static extern int Finish();

    [DllImport(Library, EntryPoint = "MPI_Comm_rank")]
    public static extern int Rank(nint communicator, out int rank);

    [DllImport(Library, EntryPoint = "MPI_Comm_size")]
    public static extern int Size(nint communicator, out int size);

    [DllImport(Library, EntryPoint = "MPI_Comm_dup")]
    public static extern int Duplicate(nint communicator, ref nint copy);

    [DllImport(Library, EntryPoint = "MPI_Comm_set_errhandler")]
    public static extern int SetErrorHandler(nint communicator, nint handler);

    [DllImport(Library, EntryPoint = "MPI_Ialltoallv")]
    public static extern int StartExchange(
        nint sent, nint sentCounts, nint sentPlaces, nint sentType, nint received, nint receivedCounts, nint receivedPlaces, nint receivedType,
        nint communicator, ref nint request);

    [DllImport(Library, EntryPoint = "MPI_Iallgatherv")]
    public static extern int StartGather(
        nint sent, int sentCount, nint sentType, nint received, nint receivedCounts, nint receivedPlaces, nint receivedType, nint communicator,
        ref nint request);

    [DllImport(Library, EntryPoint = "MPI_Test")]
    public static extern int Test(ref nint request, out int isDone, nint status);

    [DllImport(Library, EntryPoint = "MPI_Error_string")]
    private static extern int ErrorText(int error, nint text, out int length);

    private static string Text(int error)
    {
        byte[] text = GC.AllocateArray<byte>(LongestError, pinned: true);
        return ErrorText(error, Marshal.UnsafeAddrOfPinnedArrayElement(text, 0), out int length) == 0
            ? Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length)).ReplaceLineEndings(" ").Trim()
            : FormattableString.Invariant($"error {error}");
    }
}
