namespace SparseEngine.Kernels.Host;

/// <summary>A loop that one thread did in the place of all workers: how it was cut and shared out, and the time of each part.</summary>
/// <param name="Times">The parts' times, in ticks of the system's timer.</param>
/// <param name="Sharers">The workers that would have shared it.</param>
/// <param name="Ranges">The ranges that the parts were cut into.</param>
internal readonly record struct LoopRecord(long[] Times, int Sharers, int Ranges)
{
    /// <summary>The first part of a range.</summary>
    public int FirstOf(int range) => (int)((long)Times.Length * range / Ranges);

    /// <summary>The same loop at another time: the lesser time of each part.</summary>
    public LoopRecord Least(in LoopRecord other) => this with { Times = [.. Times.Zip(other.Times, Math.Min)] };
}
