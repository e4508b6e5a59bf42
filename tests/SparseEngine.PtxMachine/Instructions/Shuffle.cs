using System.Numerics;
using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Instructions;

/// <summary>From which lane of its segment a lane takes the value of a shuffle.</summary>
internal enum ShuffleKind
{
    Index,
    Up,
    Down,
    Butterfly,
}

/// <summary>
/// shfl.sync: lanes take values of each other's registers. <paramref name="clamp"/> holds the last lane of a segment and, from bit 8 on,
/// the bits that lanes of a segment share.
/// </summary>
internal sealed unsafe class Shuffle(ShuffleKind kind, int to, int from, int lanes, int clamp, int members) : Instruction
{
    public override void Run(Warp warp)
    {
        uint* source = warp.Read<uint>(from);
        uint* operand = warp.Read<uint>(lanes);
        uint* bounds = warp.Read<uint>(clamp);
        uint* masks = warp.Read<uint>(members);
        uint* target = stackalloc uint[Warp.Lanes];
        for (uint active = warp.Mask; active != 0; active &= active - 1)
        {
            int lane = BitOperations.TrailingZeroCount(active);
            uint absent = masks[lane] & warp.Threads & ~warp.Mask;
            if (absent != 0)
            {
                throw warp.Fault(this, lane, $"waits for lane {BitOperations.TrailingZeroCount(absent)} of its warp, which does not come");
            }

            int other = Other(lane, (int)(operand[lane] & 31), bounds[lane]);
            if ((warp.Mask >> other & 1) == 0)
            {
                throw warp.Fault(this, lane, $"takes the value of lane {other} of its warp, which is not there");
            }

            target[lane] = source[other];
        }

        uint* result = warp.Read<uint>(to);
        for (uint active = warp.Mask; active != 0; active &= active - 1)
        {
            int lane = BitOperations.TrailingZeroCount(active);
            result[lane] = target[lane];
        }
    }

    // A lane whose source lies outside its segment keeps its own value.
    private int Other(int lane, int operand, uint bounds)
    {
        int segment = (int)(bounds >> 8 & 31);
        int last = (lane & segment) | ((int)(bounds & 31) & ~segment);
        int first = lane & segment;
        int other = kind switch
        {
            ShuffleKind.Up => lane - operand,
            ShuffleKind.Down => lane + operand,
            ShuffleKind.Butterfly => lane ^ operand,
            _ => first | (operand & ~segment),
        };
        bool inside = kind == ShuffleKind.Up ? other >= last : other <= last;
        return inside ? other : lane;
    }
}
