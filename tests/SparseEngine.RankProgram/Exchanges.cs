using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SparseEngine.Distributed;

namespace SparseEngine.RankProgram;

/// <summary>Blocks and small sums.</summary>
internal static class Exchanges
{
    /// <summary>Gathers, broadcasts and adds up, and compares with what each rank is known to give.</summary>
    public static void Check(Communicator ranks)
    {
        ImmutableArray<byte[]> blocks = ranks.Gather(BlockOf(ranks.Rank));
        Expect(blocks.Length == ranks.Size, "a block of each rank");
        for (int rank = 0; rank < ranks.Size; rank++)
        {
            Expect(blocks[rank].AsSpan().SequenceEqual(BlockOf(rank)), $"the block of rank {rank}");
        }

        Expect(ranks.Gather([]).All(block => block.Length == 0), "empty blocks");
        Expect(ranks.Broadcast(ranks.IsFirst ? BlockOf(7) : []).AsSpan().SequenceEqual(BlockOf(7)), "the block of rank 0");

        // Of a third, sums depend on the order.
        double[] sums = [1.0 / 3 * (ranks.Rank + 1), ranks.Rank, 1e16 * (ranks.Rank % 2)];
        double[] expected = [0, 0, 0];
        for (int rank = 0; rank < ranks.Size; rank++)
        {
            expected[0] = rank == 0 ? 1.0 / 3 : expected[0] + (1.0 / 3 * (rank + 1));
            expected[1] += rank;
            expected[2] += 1e16 * (rank % 2);
        }

        ranks.Sum(sums);
        Expect(MemoryMarshal.AsBytes<double>(sums).SequenceEqual(MemoryMarshal.AsBytes<double>(expected)), "sums in the order of the ranks");
    }

    /// <summary>Ends the program where something is not so.</summary>
    public static void Expect(bool isSo, string what)
    {
        if (!isSo)
        {
            throw new InvalidOperationException($"expected: {what}");
        }
    }

    // Of rank 1 it is empty, of others of several sizes, one of them more than a message that is sent at once.
    private static byte[] BlockOf(int rank)
    {
        byte[] block = new byte[rank == 1 ? 0 : (rank * 100_003) + 5];
        new Random(rank).NextBytes(block);
        return block;
    }
}
