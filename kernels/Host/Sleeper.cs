namespace SparseEngine.Kernels.Host;

/// <summary>
/// One thread's bed. Each has its own: with a shared one a thread that is fast enough to do its part and sleep again takes the wake-up meant for
/// one that has not risen yet.
/// </summary>
/// <remarks>
/// Whoever sleeps announces it before its last look for work; whoever brings work looks for sleepers after that. One of the two sees the other.
/// A thread that sleeps leaves its core to others, and has it back as soon as it is woken; one that only yields is behind them in the queue.
/// </remarks>
internal sealed class Sleeper
{
    private readonly object bed = new();
    private int asleep;

    /// <summary>Announces the sleep.</summary>
    public void BeginSleep() => Interlocked.Exchange(ref asleep, 1);

    /// <summary>Sleeps until somebody has called <see cref="WakeIfAsleep"/> since <see cref="BeginSleep"/>.</summary>
    public void Wait()
    {
        lock (bed)
        {
            while (Volatile.Read(ref asleep) != 0)
            {
                Monitor.Wait(bed);
            }
        }
    }

    /// <summary>Takes the announcement back: there is work.</summary>
    public void EndSleep() => Volatile.Write(ref asleep, 0);

    /// <summary>A wake-up that comes before the wait ends it at once. Costs a look where nobody sleeps, and wakes nobody twice.</summary>
    public void WakeIfAsleep()
    {
        if (Volatile.Read(ref asleep) == 0)
        {
            return;
        }

        lock (bed)
        {
            if (Volatile.Read(ref asleep) != 0)
            {
                Volatile.Write(ref asleep, 0);
                Monitor.Pulse(bed);
            }
        }
    }
}
