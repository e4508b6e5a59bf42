using System.Numerics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>All lanes go on at one block.</summary>
internal sealed class Jump(int target) : Terminator
{
    public override IEnumerable<int> Successors => [target];

    public override Flow Run(Warp warp, Block block) => warp.GoTo(target);
}

/// <summary>Lanes in which a predicate holds, or does not, go on at one block, the others at the next.</summary>
/// <param name="predicate">The predicate.</param>
/// <param name="negated">Whether those jump in which it does not hold.</param>
/// <param name="target">Where they go on.</param>
/// <param name="otherwise">Where the others go on.</param>
/// <param name="uniform">Whether the program says that all lanes go the same way.</param>
internal sealed class Branch(int predicate, bool negated, int target, int otherwise, bool uniform) : Terminator
{
    public override IEnumerable<int> Successors => [target, otherwise];

    public override Flow Run(Warp warp, Block block)
    {
        uint holds = warp.Predicate(predicate);
        uint taken = warp.Mask & (negated ? ~holds : holds);
        if (taken == warp.Mask || target == otherwise)
        {
            return warp.GoTo(target);
        }

        if (taken == 0)
        {
            return warp.GoTo(otherwise);
        }

        if (uniform)
        {
            Dimensions other = warp.Thread(BitOperations.TrailingZeroCount(warp.Mask & ~taken));
            throw warp.Fault(Line, Text, BitOperations.TrailingZeroCount(taken), $"takes a uniform branch that thread {other} does not take");
        }

        warp.Part(taken, target, otherwise, block.Rejoin);
        return Flow.Next;
    }
}

/// <summary>Each lane goes on at the block that its index has in a table.</summary>
/// <param name="index">The register with the indices.</param>
/// <param name="targets">The table.</param>
/// <remarks>Stands alone in its block: lanes that part execute it again, those of one target after the other.</remarks>
internal sealed class IndexedJump(int index, int[] targets) : Terminator
{
    public override IEnumerable<int> Successors => targets.Distinct();

    public override unsafe Flow Run(Warp warp, Block block)
    {
        uint* indices = warp.Read<uint>(index);
        int first = BitOperations.TrailingZeroCount(warp.Mask);
        uint taken = 0;
        for (uint left = warp.Mask; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            if (indices[lane] >= targets.Length)
            {
                throw warp.Fault(Line, Text, lane, $"jumps to place {indices[lane]} of a table of {targets.Length}");
            }

            taken |= targets[indices[lane]] == targets[indices[first]] ? 1u << lane : 0;
        }

        int target = targets[indices[first]];
        if (taken == warp.Mask)
        {
            return warp.GoTo(target);
        }

        warp.Part(taken, target, block.Index, block.Rejoin);
        return Flow.Next;
    }
}

/// <summary>The active lanes' threads end.</summary>
internal sealed class Return : Terminator
{
    public override IEnumerable<int> Successors => [];

    public override Flow Run(Warp warp, Block block) => warp.End();
}

/// <summary>The group's threads wait for each other.</summary>
internal sealed class GroupBarrier(int next) : Terminator
{
    public override IEnumerable<int> Successors => [next];

    public override Flow Run(Warp warp, Block block)
    {
        uint absent = warp.Threads & ~warp.Mask;
        if (absent != 0)
        {
            Dimensions missing = warp.Thread(BitOperations.TrailingZeroCount(absent));
            string what = $"waits at a barrier that thread {missing} of its warp does not reach with it";
            throw warp.Fault(Line, Text, BitOperations.TrailingZeroCount(warp.Mask), what);
        }

        warp.WaitsAt = this;
        warp.GoTo(next);
        return Flow.Barrier;
    }
}
