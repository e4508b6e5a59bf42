namespace SparseEngine.Distributed.Mpi;

/// <summary>MPI as it was started in this process. All that is here is for the thread that started it alone.</summary>
internal sealed class MpiWorld
{
    // MPI_THREAD_FUNNELED: there are other threads, and they do not call MPI.
    private const int Funneled = 1;

    private readonly MpiHandles handles;

    private MpiWorld(MpiHandles handles)
    {
        this.handles = handles;
        MpiFunctions.Check(MpiFunctions.Initialize(0, 0, Funneled, out int provided), "MPI_Init_thread");
        Restrict(handles.World);
        if (provided < Funneled)
        {
            throw new CommunicationException("this MPI library serves no process with several threads");
        }

        MpiFunctions.Check(MpiFunctions.Rank(handles.World, out int rank), "MPI_Comm_rank");
        MpiFunctions.Check(MpiFunctions.Size(handles.World, out int size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
        Blocks = Copy();
        Slices = Copy();
        Sums = Copy();
    }

    public int Rank { get; }

    public int Size { get; }

    // All ranks must begin what goes over one communicator in the same order. Which sum's slices have come first differs from rank to rank: so
    // slices, summed slices and blocks have a communicator each, and an order of their own.

    /// <summary>What blocks are gathered over.</summary>
    public nint Blocks { get; }

    /// <summary>What slices of sums go to their owners over.</summary>
    public nint Slices { get; }

    /// <summary>What summed slices go to all ranks over.</summary>
    public nint Sums { get; }

    /// <summary>Starts MPI; the calling thread is the one that goes on with it.</summary>
    /// <exception cref="CommunicationException">It does not start.</exception>
    public static MpiWorld Open(MpiLibrary library)
    {
        MpiFunctions.Use(library);
        return new MpiWorld(MpiHandles.Of(library));
    }

    /// <summary>Begins to send each rank its bytes.</summary>
    public void StartExchange(ByteRanges sent, ByteRanges received, ref nint request) => MpiFunctions.Check(
        MpiFunctions.StartExchange(
            sent.Memory, sent.Lengths, sent.Offsets, handles.Bytes, received.Memory, received.Lengths, received.Offsets, handles.Bytes, Slices,
            ref request),
        "MPI_Ialltoallv");

    /// <summary>Begins to send all ranks the same bytes.</summary>
    public void StartGather(nint sent, int length, ByteRanges received, nint communicator, ref nint request) => MpiFunctions.Check(
        MpiFunctions.StartGather(
            sent, length, handles.Bytes, received.Memory, received.Lengths, received.Offsets, handles.Bytes, communicator, ref request),
        "MPI_Iallgatherv");

    /// <summary>Whether what was begun is done. Messages move on in this call alone.</summary>
    public bool IsDone(ref nint request)
    {
        MpiFunctions.Check(MpiFunctions.Test(ref request, out int isDone, handles.IgnoredStatus), "MPI_Test");
        return isDone != 0;
    }

    /// <summary>Ends MPI in this process. All ranks do, when nothing is under way.</summary>
    public static void Close() => MpiFunctions.Check(MpiFunctions.Finish(), "MPI_Finalize");

    private nint Copy()
    {
        nint copy = 0;
        MpiFunctions.Check(MpiFunctions.Duplicate(handles.World, ref copy), "MPI_Comm_dup");
        Restrict(copy);
        return copy;
    }

    // Else an error would end the process without a word of ours.
    private void Restrict(nint communicator) =>
        MpiFunctions.Check(MpiFunctions.SetErrorHandler(communicator, handles.ErrorsReturn), "MPI_Comm_set_errhandler");
}
