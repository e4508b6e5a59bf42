using System.Runtime.Intrinsics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>A shift by a known number of bits.</summary>
internal interface IShift<T>
{
    static abstract Vector512<T> Apply(Vector512<T> a, int bits);
}

/// <summary>All lanes by as many bits.</summary>
internal sealed unsafe class Shift<T, TOperation>(int to, int a, int bits) : Instruction
    where T : unmanaged
    where TOperation : struct, IShift<T>
{
    public override void Run(Warp warp)
    {
        T* from = warp.Read<T>(a);
        T* target = warp.Target<T>(to);
        for (int i = 0; i < Warp.Lanes; i += Vector512<T>.Count)
        {
            TOperation.Apply(Vector512.Load(from + i), bits).Store(target + i);
        }

        warp.Commit<T>(to);
    }
}

internal readonly struct Left<T> : IShift<T>
{
    public static Vector512<T> Apply(Vector512<T> a, int bits) => a << bits;
}

internal readonly struct Right<T> : IShift<T>
{
    public static Vector512<T> Apply(Vector512<T> a, int bits) => a >> bits;
}

/// <summary>A signed division by 2^bits, rounded towards zero, or its remainder.</summary>
internal sealed unsafe class PowerOfTwoDivision(int to, int a, int bits, bool remainder) : Instruction
{
    public override void Run(Warp warp)
    {
        int* from = warp.Read<int>(a);
        int* target = warp.Target<int>(to);
        Vector512<int> rest = Vector512.Create((1 << bits) - 1);
        for (int i = 0; i < Warp.Lanes; i += Vector512<int>.Count)
        {
            Vector512<int> number = Vector512.Load(from + i);
            Vector512<int> raised = number + ((number >> 31) & rest);
            (remainder ? number - (raised & ~rest) : raised >> bits).Store(target + i);
        }

        warp.Commit<int>(to);
    }
}

/// <summary>mul.wide.u32 by a power of two, which addresses are computed with.</summary>
internal sealed unsafe class WideShift(int to, int a, int bits) : Instruction
{
    public override void Run(Warp warp)
    {
        uint* from = warp.Read<uint>(a);
        ulong* target = warp.Target<ulong>(to);
        for (int i = 0; i < Warp.Lanes; i += Vector512<uint>.Count)
        {
            (Vector512<ulong> lower, Vector512<ulong> upper) = Vector512.Widen(Vector512.Load(from + i));
            (lower << bits).Store(target + i);
            (upper << bits).Store(target + i + Vector512<ulong>.Count);
        }

        warp.Commit<ulong>(to);
    }
}
