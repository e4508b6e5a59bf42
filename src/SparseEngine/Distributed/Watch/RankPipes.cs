using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Watch;

/// <summary>
/// A pipe from each rank, which the system closes when the rank is gone. What has happened first is told first, however late this process comes to
/// run: the system queues it. (A process that is killed closes its pipes some milliseconds before it has ended altogether.) For Linux.
/// </summary>
internal sealed class RankPipes : IDisposable
{
    private const int CloseOnExecution = 0x80000;
    private const int Add = 1;
    private const int Readable = 1;
    private const int Interrupted = 4;

    // struct epoll_event is packed where it is shared with programs of 32 bits.
    private static readonly int DataWord = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 1 : 2;

    private readonly int queue;
    private readonly int[] readEnds;
    private int[] writeEnds;

    /// <summary>Opens the pipes.</summary>
    /// <exception cref="IOException">The system cannot do that.</exception>
    public RankPipes(int ranks)
    {
        queue = Check(CreateQueue(CloseOnExecution));
        (readEnds, writeEnds) = (new int[ranks], new int[ranks]);
        int[] ends = new int[2];
        for (int rank = 0; rank < ranks; rank++)
        {
            Check(CreatePipe(ends, CloseOnExecution));
            (readEnds[rank], writeEnds[rank]) = (ends[0], ends[1]);
        }
    }

    /// <summary>The descriptors of this process that the ranks open again as theirs.</summary>
    public ImmutableArray<int> WriteEnds => [.. writeEnds];

    /// <summary>Begins, all ranks having opened theirs.</summary>
    public void Watch()
    {
        foreach (int descriptor in writeEnds)
        {
            _ = Close(descriptor);
        }

        writeEnds = [];
        for (int rank = 0; rank < readEnds.Length; rank++)
        {
            int[] wanted = new int[4];
            wanted[0] = Readable;
            wanted[DataWord] = rank;
            Check(Control(queue, Add, readEnds[rank], wanted));
        }
    }

    /// <summary>Waits for what happens first.</summary>
    /// <param name="isGone">Whether a rank is gone; else it has written something.</param>
    /// <returns>The rank.</returns>
    public int Next(out bool isGone)
    {
        int[] happened = new int[4];
        int count;
        while ((count = Wait(queue, happened, 1, -1)) <= 0)
        {
            // Events come one at a time, the first of the queue.
            Check(Marshal.GetLastPInvokeError() == Interrupted ? 0 : count);
        }

        int rank = happened[DataWord];
        isGone = Read(readEnds[rank], new byte[1], 1) <= 0;
        return rank;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The ends of the pipes go with the process; closed here, the number of one that has been closed could be another's by now.
        _ = Close(queue);
    }

    private static int Check(int result) => result >= 0
        ? result
        : throw new IOException($"ranks cannot be watched: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

#pragma warning disable SYSLIB1054 // The generated code would be unsafe.
    [DllImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CreatePipe([Out] int[] ends, int flags);

    [DllImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CreateQueue(int flags);

    [DllImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int queue, int operation, int descriptor, int[] wanted);

    [DllImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Wait(int queue, [Out] int[] happened, int most, int milliseconds);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(int descriptor, [Out] byte[] bytes, nint count);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
}
