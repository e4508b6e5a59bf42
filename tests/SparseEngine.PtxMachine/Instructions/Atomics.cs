using System.Numerics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>Atomic operations on numbers in memory; one group runs at a time, so they need no lock.</summary>
internal static unsafe class Atomics
{
    /// <summary>What an operation makes of the old number and its operand, or null for an unknown name.</summary>
    public static Func<T, T, T>? Operation<T>(string name)
        where T : unmanaged, IBinaryInteger<T> => name switch
        {
            "add" => (old, value) => unchecked(old + value),
            "and" => (old, value) => old & value,
            "or" => (old, value) => old | value,
            "xor" => (old, value) => old ^ value,
            "max" => T.Max,
            "min" => T.Min,
            "exch" => (_, value) => value,
            _ => null,
        };

    /// <summary>Replaces a lane's number in memory and gives the old one to its register, if it has one.</summary>
    public static void Apply<T>(Warp warp, int lane, byte* place, int to, int value, Func<T, T, T> operation)
        where T : unmanaged
    {
        T* number = (T*)place;
        T old = *number;
        *number = operation(old, warp.Read<T>(value)[lane]);
        if (to >= 0)
        {
            warp.Read<T>(to)[lane] = old;
        }
    }
}

/// <summary>atom and red on global memory; red has no result.</summary>
internal sealed unsafe class GlobalAtomic<T>(int to, int address, int offset, int value, Func<T, T, T> operation)
    : GlobalAccess(address, offset, sizeof(T))
    where T : unmanaged
{
    protected override string? Note(GlobalRange range, ulong place, int thread, AccessOrder order) => range.Update(place, sizeof(T), thread, order);

    protected override void RunLane(Warp warp, int lane, byte* place) => Atomics.Apply(warp, lane, place, to, value, operation);

    protected override void RunConsecutive(Warp warp, byte* first)
    {
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            RunLane(warp, lane, first + (lane * sizeof(T)));
        }
    }
}

/// <summary>atom and red on shared memory.</summary>
internal sealed unsafe class SharedAtomic<T>(int to, int address, int offset, int value, Func<T, T, T> operation)
    : SharedAccess(address, offset, sizeof(T))
    where T : unmanaged
{
    protected override string? RunLane(Warp warp, int lane, uint word, byte* place)
    {
        string? fault = warp.Group.Shared.Update(word, Words, (warp.Index * Warp.Lanes) + lane);
        Atomics.Apply(warp, lane, place, to, value, operation);
        return fault;
    }
}
