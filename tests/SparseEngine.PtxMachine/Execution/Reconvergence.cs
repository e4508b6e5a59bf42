namespace SparseEngine.PtxMachine.Execution;

/// <summary>
/// The paths of a warp whose lanes have parted: a stack. Lanes that part meet again at the immediate post-dominator of their branch, as
/// NVIDIA's assembler lets them; until then one path after the other executes.
/// </summary>
internal sealed class Reconvergence
{
    private readonly Stack<Path> waiting = [];
    private uint live;
    private int rejoin;

    /// <summary>The block that the active lanes execute next.</summary>
    public int Next { get; private set; }

    public void Start(uint threads)
    {
        waiting.Clear();
        live = threads;
        rejoin = Block.Exit;
        Next = 0;
    }

    /// <summary>The active lanes go on at a block, with those that wait there for them.</summary>
    /// <returns>The lanes that are then active; none: all threads have ended.</returns>
    public uint GoTo(uint mask, int block)
    {
        Next = block;
        return Next == rejoin ? Resume() : mask;
    }

    /// <summary>Some of the active lanes go to one block, the others to another.</summary>
    public uint Part(uint mask, uint taken, int target, int otherwise, int meeting)
    {
        bool atMeeting = target == meeting || otherwise == meeting;
        if (!(atMeeting && meeting == rejoin))
        {
            waiting.Push(new Path(meeting, mask, rejoin));
            rejoin = meeting;
        }

        // Those already at the meeting place are among its waiting lanes.
        if (otherwise == meeting)
        {
            Next = target;
            return taken;
        }

        uint others = mask & ~taken;
        if (target == meeting)
        {
            Next = otherwise;
            return others;
        }

        waiting.Push(new Path(otherwise, others, meeting));
        Next = target;
        return taken;
    }

    /// <summary>The active lanes' threads end.</summary>
    /// <returns>The lanes that are then active; none: all threads have ended.</returns>
    public uint End(uint mask)
    {
        live &= ~mask;
        return Resume();
    }

    private uint Resume()
    {
        while (waiting.TryPop(out Path path))
        {
            uint lanes = path.Lanes & live;
            rejoin = path.Rejoin;
            Next = path.Next;
            if (lanes != 0 && Next != rejoin)
            {
                return lanes;
            }
        }

        return 0;
    }

    private readonly record struct Path(int Next, uint Lanes, int Rejoin);
}
