using System.Collections.Immutable;
using System.Diagnostics;

namespace SparseEngine.Distributed;

/// <summary>The one rank of a run without others: sums are what was given.</summary>
internal sealed class SingleProcess : Communicator
{
    public override int Rank => 0;

    public override ImmutableArray<RankPlace> Places { get; } = [new RankPlace(0, Environment.MachineName, Environment.ProcessId, 0)];

    public override string Description => "one process";

    public override Reduction AllocateReduction(int capacity) => new Kept(capacity);

    public override void Sum(Span<double> values)
    {
        // It is its own sum.
    }

    public override ImmutableArray<byte[]> Gather(ReadOnlySpan<byte> block) => [block.ToArray()];

    public override byte[] Broadcast(ReadOnlySpan<byte> block) => block.ToArray();

    public override bool Fail(string message, int exitCode) => false;

    protected override void Dispose(bool disposing)
    {
        // It serves all, to the end.
    }

    private sealed class Kept(int capacity) : Reduction(capacity)
    {
        public override void Start(int count) => Started = Ended = Stopwatch.GetTimestamp();

        public override void Wait()
        {
            // They are there.
        }

        protected override void Dispose(bool disposing)
        {
            // The collector does that.
        }
    }
}
