using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>A conversion of a lane.</summary>
internal interface IConversion<TFrom, TTo>
{
    static abstract TTo Apply(TFrom a);
}

/// <summary>An operation on a lane of two registers, whose types need not be the same.</summary>
internal interface ILaneOperation<TLeft, TRight, TTo>
{
    static abstract TTo Apply(TLeft a, TRight b);
}

/// <summary>Lane by lane: conversions.</summary>
internal sealed unsafe class Convert<TFrom, TTo, TOperation>(int to, int a) : Instruction
    where TFrom : unmanaged
    where TTo : unmanaged
    where TOperation : struct, IConversion<TFrom, TTo>
{
    public override void Run(Warp warp)
    {
        // Registers of different widths are different ones, and of the same width each lane is read before it is written.
        TFrom* from = warp.Read<TFrom>(a);
        TTo* target = warp.Target<TTo>(to);
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            target[lane] = TOperation.Apply(from[lane]);
        }

        warp.Commit<TTo>(to);
    }
}

/// <summary>Lane by lane: what vectors do not offer.</summary>
internal sealed unsafe class LaneBinary<TLeft, TRight, TTo, TOperation>(int to, int a, int b) : Instruction
    where TLeft : unmanaged
    where TRight : unmanaged
    where TTo : unmanaged
    where TOperation : struct, ILaneOperation<TLeft, TRight, TTo>
{
    public override void Run(Warp warp)
    {
        TLeft* left = warp.Read<TLeft>(a);
        TRight* right = warp.Read<TRight>(b);
        TTo* target = warp.Target<TTo>(to);
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            target[lane] = TOperation.Apply(left[lane], right[lane]);
        }

        warp.Commit<TTo>(to);
    }
}
