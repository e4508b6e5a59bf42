using SparseEngine.PtxMachine.Execution;

namespace SparseEngine.PtxMachine.Decoding;

/// <summary>Where lanes that part meet again: the first block that all ways from a block to the end pass.</summary>
/// <remarks>K. D. Cooper, T. J. Harvey and K. Kennedy (2001): A simple, fast dominance algorithm, on the graph's reverse.</remarks>
internal static class PostDominators
{
    public static void SetRejoins(Block[] blocks)
    {
        int exit = blocks.Length;
        int[][] successors = [.. blocks.Select(block => block.End.Successors.DefaultIfEmpty(exit).ToArray()), []];
        int[] order = FromExit(successors, exit);
        int[] place = new int[exit + 1];
        Array.Fill(place, -1);
        for (int i = 0; i < order.Length; i++)
        {
            place[order[i]] = i;
        }

        // Places in the order from the exit, which has 0; a block's is greater than its post-dominator's.
        int[] nearest = new int[order.Length];
        Array.Fill(nearest, -1);
        nearest[0] = 0;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = 1; i < order.Length; i++)
            {
                int found = -1;
                foreach (int successor in successors[order[i]].Select(block => place[block]).Where(at => at >= 0 && nearest[at] >= 0))
                {
                    found = found < 0 ? successor : Common(nearest, found, successor);
                }

                changed |= nearest[i] != found;
                nearest[i] = found;
            }
        }

        for (int i = 1; i < order.Length; i++)
        {
            int rejoin = order[nearest[i]];
            blocks[order[i]].Rejoin = rejoin == exit ? Block.Exit : rejoin;
        }
    }

    private static int Common(int[] nearest, int a, int b)
    {
        while (a != b)
        {
            if (a > b)
            {
                a = nearest[a];
            }
            else
            {
                b = nearest[b];
            }
        }

        return a;
    }

    /// <summary>All blocks that reach the exit, each after one that it leads to on the way: reverse postorder from the exit.</summary>
    private static int[] FromExit(int[][] successors, int exit)
    {
        List<int>[] predecessors = [.. successors.Select(_ => new List<int>())];
        for (int block = 0; block < successors.Length; block++)
        {
            foreach (int successor in successors[block])
            {
                predecessors[successor].Add(block);
            }
        }

        List<int> order = [];
        bool[] seen = new bool[successors.Length];
        Stack<(int Block, int Next)> path = new([(exit, 0)]);
        seen[exit] = true;
        while (path.TryPop(out (int Block, int Next) at))
        {
            if (at.Next == predecessors[at.Block].Count)
            {
                order.Add(at.Block);
                continue;
            }

            path.Push((at.Block, at.Next + 1));
            int predecessor = predecessors[at.Block][at.Next];
            if (!seen[predecessor])
            {
                seen[predecessor] = true;
                path.Push((predecessor, 0));
            }
        }

        order.Reverse();
        return [.. order];
    }
}
