using System.Collections.Immutable;
using System.Diagnostics;
using SparseEngine.Distributed;

namespace SparseEngine.Tests.Distributed;

/// <summary>One of the ranks that are threads: sums in the order of the ranks.</summary>
internal sealed class ThreadCommunicator(ThreadRanks ranks, int rank) : Communicator
{
    public override int Rank => rank;

    public override ImmutableArray<RankPlace> Places { get; } =
        [.. Enumerable.Range(0, ranks.Size).Select(index => new RankPlace(index, $"host{index}", 100 + index, 0))];

    public override string Description => $"{ranks.Size} threads";

    /// <summary>Sums of gradients that this rank has started.</summary>
    public List<int> Started { get; } = [];

    public override Reduction AllocateReduction(int capacity) => new Sums(ranks, rank, Started, capacity);

    public override void Sum(Span<double> values)
    {
        values.CopyTo(ranks.Numbers[rank]);
        ranks.Meet();
        for (int i = 0; i < values.Length; i++)
        {
            double sum = 0;
            foreach (double[] numbers in ranks.Numbers)
            {
                sum += numbers[i];
            }

            values[i] = sum;
        }

        ranks.Meet();
    }

    public override ImmutableArray<byte[]> Gather(ReadOnlySpan<byte> block) => ranks.Exchange(rank, block.ToArray());

    public override byte[] Broadcast(ReadOnlySpan<byte> block) => ranks.Exchange(rank, block.ToArray())[0];

    public override bool Fail(string message, int exitCode) => false;

    protected override void Dispose(bool disposing)
    {
        // The threads end by themselves.
    }

    /// <summary>Sums that are taken when they are waited for, in the order in which they were started.</summary>
    private sealed class Sums(ThreadRanks ranks, int rank, List<int> all, int capacity) : Reduction(capacity)
    {
        private readonly float[] sums = new float[capacity];
        private int count = -1;

        public override void Start(int count)
        {
            Assert.Equal(-1, this.count);
            Assert.InRange(count, 1, Values.Length);
            this.count = count;
            all.Add(count);
            Started = Stopwatch.GetTimestamp();
        }

        public override void Wait()
        {
            ranks.Gradients[rank] = Values;
            ranks.Meet();
            for (int i = 0; i < count; i++)
            {
                float sum = 0;
                foreach (float[] values in ranks.Gradients)
                {
                    sum += values[i];
                }

                sums[i] = sum;
            }

            ranks.Meet();
            sums.AsSpan(0, count).CopyTo(Values);
            count = -1;
            Ended = Stopwatch.GetTimestamp();
        }

        protected override void Dispose(bool disposing)
        {
            // The collector does that.
        }
    }
}
