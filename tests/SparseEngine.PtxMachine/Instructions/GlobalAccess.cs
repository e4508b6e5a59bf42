using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>Memory that lanes address: where each lane's bytes lie, checked against what the launch may touch.</summary>
/// <param name="address">The register with the addresses.</param>
/// <param name="offset">What is added to them.</param>
/// <param name="bytes">Bytes that a lane accesses, aligned to their number.</param>
internal abstract unsafe class GlobalAccess(int address, int offset, int bytes) : Instruction
{
    /// <summary>The arguments that its addresses are computed from, as <see cref="MemoryView.Argument"/> numbers them.</summary>
    public ulong Arguments { get; set; }

    public sealed override void Run(Warp warp)
    {
        ulong* addresses = warp.Read<ulong>(address);
        Group group = warp.Group;
        Span<(ulong Buffer, ulong Offset)> places = group.Counters is null ? [] : stackalloc (ulong, ulong)[Warp.Lanes];
        bool consecutive = warp.Mask == Warp.Full && AreConsecutive(addresses);
        GlobalRange? range = null;
        ulong start = 0;
        ulong last = 0;
        for (uint lanes = warp.Mask; lanes != 0; lanes &= lanes - 1)
        {
            int lane = BitOperations.TrailingZeroCount(lanes);
            ulong place = addresses[lane] + (ulong)(long)offset;
            if (range is null || place - start >= last || (place & (ulong)(bytes - 1)) != 0)
            {
                (range, start, ulong end) = Locate(warp, lane, place);
                last = end - start - (ulong)bytes + 1;
            }

            if (Note(range, place, (warp.Index * Warp.Lanes) + lane, group.Order) is { } fault)
            {
                throw warp.Fault(this, lane, fault);
            }

            if (!places.IsEmpty)
            {
                places[lane] = (range.Buffer, place - range.Buffer);
            }

            if (!consecutive)
            {
                RunLane(warp, lane, (byte*)place);
            }
        }

        if (consecutive)
        {
            RunConsecutive(warp, (byte*)addresses[0] + offset);
        }

        group.Counters?.Global(this, places, warp.Mask, bytes);
    }

    /// <summary>Notes an access.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    protected abstract string? Note(GlobalRange range, ulong place, int thread, AccessOrder order);

    /// <summary>One lane's access.</summary>
    protected abstract void RunLane(Warp warp, int lane, byte* place);

    /// <summary>All lanes' accesses, whose bytes lie side by side.</summary>
    protected abstract void RunConsecutive(Warp warp, byte* first);

    private bool AreConsecutive(ulong* addresses)
    {
        Vector512<ulong> expected = Vector512.Create(addresses[0]) + (Vector512.Create(0ul, 1, 2, 3, 4, 5, 6, 7) * (ulong)bytes);
        Vector512<ulong> step = Vector512.Create((ulong)(Vector512<ulong>.Count * bytes));
        for (int i = 0; i < Warp.Lanes; i += Vector512<ulong>.Count)
        {
            if (Vector512.Load(addresses + i) != expected)
            {
                return false;
            }

            expected += step;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (GlobalRange Range, ulong Start, ulong End) Locate(Warp warp, int lane, ulong place)
    {
        if ((place & (ulong)(bytes - 1)) != 0)
        {
            throw warp.Fault(this, lane, $"accesses {bytes} bytes at an address that is no multiple of them");
        }

        GlobalMemory memory = warp.Group.Memory;
        return memory.Find(place, bytes, Arguments)
            ?? throw warp.Fault(this, lane, $"accesses {bytes} bytes outside its argument's memory: {memory.Describe(place, Arguments)}");
    }
}

/// <summary>Loads of as many elements side by side as there are registers.</summary>
internal sealed unsafe class GlobalLoad<TElement, TLane>(int[] to, int address, int offset)
    : GlobalAccess(address, offset, sizeof(TElement) * to.Length)
    where TElement : unmanaged, IBinaryInteger<TElement>
    where TLane : unmanaged, IBinaryInteger<TLane>
{
    protected override string? Note(GlobalRange range, ulong place, int thread, AccessOrder order) =>
        range.Read(place, sizeof(TElement) * to.Length, thread, order);

    protected override void RunLane(Warp warp, int lane, byte* place)
    {
        TElement* elements = (TElement*)place;
        for (int i = 0; i < to.Length; i++)
        {
            warp.Read<TLane>(to[i])[lane] = TLane.CreateTruncating(elements[i]);
        }
    }

    protected override void RunConsecutive(Warp warp, byte* first)
    {
        TElement* elements = (TElement*)first;
        int count = to.Length;
        for (int i = 0; i < count; i++)
        {
            TLane* lanes = warp.Read<TLane>(to[i]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                lanes[lane] = TLane.CreateTruncating(elements[(lane * count) + i]);
            }
        }
    }
}

/// <summary>Stores of as many elements side by side as there are registers.</summary>
internal sealed unsafe class GlobalStore<TElement, TLane>(int[] from, int address, int offset)
    : GlobalAccess(address, offset, sizeof(TElement) * from.Length)
    where TElement : unmanaged, IBinaryInteger<TElement>
    where TLane : unmanaged, IBinaryInteger<TLane>
{
    protected override string? Note(GlobalRange range, ulong place, int thread, AccessOrder order) =>
        range.Write(place, sizeof(TElement) * from.Length, thread, order);

    protected override void RunLane(Warp warp, int lane, byte* place)
    {
        TElement* elements = (TElement*)place;
        for (int i = 0; i < from.Length; i++)
        {
            elements[i] = TElement.CreateTruncating(warp.Read<TLane>(from[i])[lane]);
        }
    }

    protected override void RunConsecutive(Warp warp, byte* first)
    {
        TElement* elements = (TElement*)first;
        int count = from.Length;
        for (int i = 0; i < count; i++)
        {
            TLane* lanes = warp.Read<TLane>(from[i]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                elements[(lane * count) + i] = TElement.CreateTruncating(lanes[lane]);
            }
        }
    }
}
