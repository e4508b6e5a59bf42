namespace SparseEngine.Kernels.Host;

/// <summary>A loop that one thread did in the place of all workers: how it was cut and shared out, and the time of each part.</summary>
/// <param name="Times">The parts' times, by the recorder's clock.</param>
/// <param name="Sharers">The workers that would have shared it.</param>
/// <param name="Ranges">The ranges that the parts were cut into.</param>
internal readonly record struct LoopRecord(long[] Times, int Sharers, int Ranges)
{
    /// <summary>The first part of a range.</summary>
    public int FirstOf(int range) => (int)((long)Times.Length * range / Ranges);

    /// <summary>The same loop at another time: the lesser time of each part.</summary>
    public LoopRecord Least(in LoopRecord other) => this with { Times = [.. Times.Zip(other.Times, Math.Min)] };
}

/// <summary>Whoever looks at a pool's loops.</summary>
/// <param name="Prepare">Called before each part.</param>
/// <param name="Clock">Tells the time before and after each part.</param>
/// <param name="Add">Told of each loop.</param>
internal sealed record LoopRecorder(Action Prepare, Func<long> Clock, Action<LoopRecord> Add);
