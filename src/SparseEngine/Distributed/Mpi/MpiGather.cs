using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>Sends what each rank has to all, and waits for it: one call at a time.</summary>
internal sealed class MpiGather(MpiThread thread) : IMpiOperation, IDisposable
{
    private readonly ByteRanges ranges = new(thread.Size);
    private readonly ManualResetEventSlim done = new();
    private byte[] sent = [];
    private byte[] received = [];
    private CommunicationException? failure;
    private nint request;

    public bool IsDone { get; private set; }

    /// <summary>Blocks of one length.</summary>
    /// <returns>[ranks, length], until the next call.</returns>
    public ReadOnlySpan<byte> OfOneLength(ReadOnlySpan<byte> block)
    {
        for (int rank = 0; rank < thread.Size; rank++)
        {
            ranges[rank] = (checked(rank * block.Length), block.Length);
        }

        return Run(block);
    }

    /// <summary>Blocks of any lengths.</summary>
    /// <param name="block">This rank's.</param>
    /// <param name="lengths">Of each rank's, in bytes.</param>
    /// <returns>One behind the other, until the next call.</returns>
    /// <exception cref="CommunicationException">All together have more bytes than MPI counts.</exception>
    public ReadOnlySpan<byte> OfLengths(ReadOnlySpan<byte> block, ReadOnlySpan<int> lengths)
    {
        long offset = 0;
        for (int rank = 0; rank < thread.Size; rank++)
        {
            ranges[rank] = ((int)offset, lengths[rank]);
            offset += lengths[rank];
            if (offset > Array.MaxLength)
            {
                throw new CommunicationException("the ranks have more to tell one another at a time than 2 GiB");
            }
        }

        return Run(block);
    }

    public void Begin(MpiWorld world)
    {
        request = 0;
        world.StartGather(Marshal.UnsafeAddrOfPinnedArrayElement(sent, 0), ranges[thread.Rank].Length, ranges, world.Blocks, ref request);
    }

    public bool Advance(MpiWorld world)
    {
        IsDone = IsDone || world.IsDone(ref request);
        return true;
    }

    public void Complete(CommunicationException? failure)
    {
        this.failure = failure;
        done.Set();
    }

    public void Dispose() => done.Dispose();

    private ReadOnlySpan<byte> Run(ReadOnlySpan<byte> block)
    {
        (int offset, int length) = ranges[thread.Size - 1];
        Hold(ref sent, block.Length);
        Hold(ref received, offset + length);
        block.CopyTo(sent);
        ranges.Memory = Marshal.UnsafeAddrOfPinnedArrayElement(received, 0);
        IsDone = false;
        done.Reset();
        thread.Begin(this);
        thread.Wait(done);
        return failure is null ? received.AsSpan(0, offset + length) : throw new CommunicationException(failure.Message, failure);
    }

    /// <summary>Makes room; at least for a byte, so that there is an address.</summary>
    private static void Hold(ref byte[] memory, int bytes)
    {
        if (memory.Length == 0 || memory.Length < bytes)
        {
            memory = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, 64), pinned: true);
        }
    }
}
