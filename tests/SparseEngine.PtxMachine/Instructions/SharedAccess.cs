using System.Numerics;
using System.Runtime.CompilerServices;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>Shared memory that lanes address: where each lane's bytes lie, checked against the group's variables and against races.</summary>
/// <param name="address">The register with the addresses.</param>
/// <param name="offset">What is added to them.</param>
/// <param name="bytes">Bytes that a lane accesses, aligned to their number.</param>
internal abstract unsafe class SharedAccess(int address, int offset, int bytes) : Instruction
{
    /// <summary>Words that a lane touches.</summary>
    protected int Words { get; } = SharedMemory.Words(bytes);

    public sealed override void Run(Warp warp)
    {
        ulong* addresses = warp.Read<ulong>(address);
        warp.Group.Counters?.Shared(this, addresses, offset, warp.Mask, bytes);
        byte* memory = warp.Group.Shared.Memory;
        ulong start = 0;
        ulong last = 0;
        for (uint lanes = warp.Mask; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            ulong place = addresses[lane] + (ulong)(long)offset;
            if (place - start >= last || (place & (ulong)(bytes - 1)) != 0)
            {
                (start, last) = Range(warp, lane, place);
            }

            string? fault = RunLane(warp, lane, (uint)place / sizeof(uint), memory + place);
            if (fault is not null)
            {
                throw warp.Fault(this, lane, fault);
            }
        }
    }

    /// <summary>One lane's access.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    protected abstract string? RunLane(Warp warp, int lane, uint word, byte* place);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ulong Start, ulong Last) Range(Warp warp, int lane, ulong place)
    {
        if ((place & (ulong)(bytes - 1)) != 0)
        {
            throw warp.Fault(this, lane, $"accesses {bytes} bytes at an address that is no multiple of them");
        }

        foreach ((int start, int end) in warp.Group.SharedVariables)
        {
            ulong places = (ulong)Math.Max(end - start - bytes + 1, 0);
            if (place - (ulong)start < places)
            {
                return ((ulong)start, places);
            }
        }

        throw warp.Fault(this, lane, $"accesses {bytes} bytes of shared memory at {(long)place}, where no variable holds them");
    }
}

/// <summary>Loads of as many elements side by side as there are registers.</summary>
internal sealed unsafe class SharedLoad<TElement, TLane>(int[] to, int address, int offset)
    : SharedAccess(address, offset, sizeof(TElement) * to.Length)
    where TElement : unmanaged, IBinaryInteger<TElement>
    where TLane : unmanaged, IBinaryInteger<TLane>
{
    protected override string? RunLane(Warp warp, int lane, uint word, byte* place)
    {
        string? fault = warp.Group.Shared.Read(word, Words, (warp.Index * Warp.Lanes) + lane);
        TElement* elements = (TElement*)place;
        for (int i = 0; i < to.Length; i++)
        {
            warp.Read<TLane>(to[i])[lane] = TLane.CreateTruncating(elements[i]);
        }

        return fault;
    }
}

/// <summary>Stores of as many elements side by side as there are registers.</summary>
internal sealed unsafe class SharedStore<TElement, TLane>(int[] from, int address, int offset)
    : SharedAccess(address, offset, sizeof(TElement) * from.Length)
    where TElement : unmanaged, IBinaryInteger<TElement>
    where TLane : unmanaged, IBinaryInteger<TLane>
{
    protected override string? RunLane(Warp warp, int lane, uint word, byte* place)
    {
        string? fault = warp.Group.Shared.Write(word, Words, (warp.Index * Warp.Lanes) + lane);
        TElement* elements = (TElement*)place;
        for (int i = 0; i < from.Length; i++)
        {
            elements[i] = TElement.CreateTruncating(warp.Read<TLane>(from[i])[lane]);
        }

        return fault;
    }
}
