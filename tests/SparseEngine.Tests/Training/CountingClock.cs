namespace SparseEngine.Tests.Training;

/// <summary>A clock that goes on by so much whenever it is read: what is timed takes the same on any machine.</summary>
internal sealed class CountingClock(TimeSpan step) : TimeProvider
{
    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Add(ref ticks, step.Ticks);
}
