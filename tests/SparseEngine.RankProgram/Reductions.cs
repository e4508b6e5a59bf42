using System.Runtime.InteropServices;
using SparseEngine.Distributed;

namespace SparseEngine.RankProgram;

/// <summary>Sums of many numbers, several of them under way at a time.</summary>
internal static class Reductions
{
    // None, fewer than ranks, such as no vector divides, and more than travels in one piece.
    private static readonly int[] Counts = [0, 2, 1021, 65_536, 1_200_003];

    /// <summary>Adds up numbers of several ranks, twice in the same memory, and compares the bits.</summary>
    public static void Check(Communicator ranks)
    {
        Reduction[] sums = [.. Counts.Select(ranks.AllocateReduction)];
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < sums.Length; i++)
            {
                Numbers(sums[i].Values, ranks.Rank, round);
                sums[i].Start(Counts[i]);
            }

            // The last was begun after all others: when it is there, so are they.
            sums[^1].Wait();
            foreach (Reduction sum in sums)
            {
                sum.Wait();
                float[] expected = Expected(sum.Values.Length, ranks.Size, round);
                Exchanges.Expect(
                    MemoryMarshal.AsBytes<float>(sum.Values).SequenceEqual(MemoryMarshal.AsBytes<float>(expected)),
                    $"the sum of {expected.Length} numbers in the order of the ranks");
                Exchanges.Expect(sum.Started < sum.Ended, "an end after the beginning");
            }
        }

        foreach (Reduction sum in sums)
        {
            sum.Dispose();
        }
    }

    /// <summary>What a sum allocates when all is warm.</summary>
    public static long BytesOfARound(Communicator ranks)
    {
        const int Rounds = 100;
        using Reduction first = ranks.AllocateReduction(5000);
        using Reduction second = ranks.AllocateReduction(5000);
        long before = 0;
        for (int round = -Rounds; round < Rounds; round++)
        {
            if (round == 0)
            {
                before = GC.GetTotalAllocatedBytes(precise: true);
            }

            first.Start(5000);
            second.Start(4000);
            first.Wait();
            second.Wait();
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / Rounds;
    }

    private static float[] Expected(int count, int ranks, int round)
    {
        float[] sum = new float[count];
        float[] numbers = new float[count];
        Numbers(sum, 0, round);
        for (int rank = 1; rank < ranks; rank++)
        {
            Numbers(numbers, rank, round);
            for (int i = 0; i < count; i++)
            {
                sum[i] += numbers[i];
            }
        }

        return sum;
    }

    private static void Numbers(Span<float> numbers, int rank, int round)
    {
        Random random = new((rank * 10) + round);
        foreach (ref float number in numbers)
        {
            number = random.NextSingle() - 0.5f;
        }
    }
}
