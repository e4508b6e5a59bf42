using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>
/// A sum in the order of the ranks, whatever the library does: each rank owns a slice of the numbers, receives it from all, adds it up, and sends the
/// sum to all. That is what a ring does too, so that each rank sends and receives 2 (N - 1) / N times the numbers.
/// </summary>
internal sealed class MpiReduction : Reduction, IMpiOperation
{
    /// <summary>Offsets of MPI are ints, of bytes here.</summary>
    public const int LargestCapacity = int.MaxValue / sizeof(float) / 2;

    private readonly MpiThread thread;
    private readonly float[] parts;
    private readonly ByteRanges slices;
    private readonly ByteRanges received;
    private readonly ManualResetEventSlim done = new(initialState: true);
    private Stage stage = Stage.Done;
    private CommunicationException? failure;
    private nint request;

    public MpiReduction(MpiThread thread, int capacity)
        : base(capacity)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, LargestCapacity);
        this.thread = thread;
        int longest = (capacity / thread.Size) + 1;
        parts = GC.AllocateArray<float>(checked(longest * thread.Size), pinned: true);
        slices = new ByteRanges(thread.Size) { Memory = AddressOf(Values) };
        received = new ByteRanges(thread.Size) { Memory = AddressOf(parts) };
    }

    private enum Stage
    {
        Exchanging,
        Gathering,
        Done,
    }

    public bool IsDone => stage == Stage.Done;

    /// <summary>The numbers of the slice that this rank adds up.</summary>
    private int OwnLength => slices[thread.Rank].Length / sizeof(float);

    /// <inheritdoc/>
    public override void Start(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Values.Length);
        if (!done.IsSet)
        {
            throw new InvalidOperationException("The last sum of these numbers has not been waited for.");
        }

        for (int rank = 0; rank < thread.Size; rank++)
        {
            int first = SliceStart(count, rank);
            slices[rank] = (first * sizeof(float), (SliceStart(count, rank + 1) - first) * sizeof(float));
        }

        int own = slices[thread.Rank].Length;
        for (int rank = 0; rank < thread.Size; rank++)
        {
            received[rank] = (rank * own, own);
        }

        done.Reset();
        Started = Stopwatch.GetTimestamp();
        try
        {
            thread.Begin(this);
        }
        catch
        {
            // Nobody would wake those who wait.
            done.Set();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Wait()
    {
        thread.Wait(done);
        if (failure is not null)
        {
            throw new CommunicationException(failure.Message, failure);
        }
    }

    public void Begin(MpiWorld world)
    {
        stage = Stage.Exchanging;
        request = 0;
        world.StartExchange(slices, received, ref request);
    }

    public bool Advance(MpiWorld world)
    {
        if (stage == Stage.Exchanging && world.IsDone(ref request))
        {
            RankOrderSum.OfFloats(parts, OwnLength, thread.Size);
            stage = Stage.Gathering;
            request = 0;
            world.StartGather(received.Memory, OwnLength * sizeof(float), slices, world.Sums, ref request);
        }

        if (stage == Stage.Gathering && world.IsDone(ref request))
        {
            stage = Stage.Done;
            Ended = Stopwatch.GetTimestamp();
        }

        return stage >= Stage.Gathering;
    }

    public void Complete(CommunicationException? failure)
    {
        this.failure = failure;
        done.Set();
    }

    protected override void Dispose(bool disposing)
    {
        // Memory that messages may yet come into is the thread's to hold.
        if (disposing && done.IsSet)
        {
            done.Dispose();
        }
    }

    private static nint AddressOf(float[] pinned) => pinned.Length == 0 ? 0 : Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private int SliceStart(int count, int rank) => (int)((long)count * rank / thread.Size);
}
