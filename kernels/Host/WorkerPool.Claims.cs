using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SparseEngine.Kernels.Host;

/// <content>How workers find a loop, claim its parts and wait.</content>
/// <remarks>
/// A claim is a compare-and-swap of a range's number, which holds the loop's round and, below, how many parts of the range are taken. Whoever knows
/// a loop that is over finds all of its ranges taken, or newer rounds in them: late workers do no harm, so that nobody waits for them. A number of
/// an older round counts as none taken: no loop has to reset what a hundred cores hold in their caches.
/// </remarks>
internal sealed unsafe partial class WorkerPool
{
    // Bits of a range's number that count its parts; the others count rounds for years.
    private const int PartBits = 22;

    // How long a thread looks for work, or for the end of a loop, before it sleeps and leaves its core to others: longer than the gap between most
    // loops of a step, and a small part of what a scheduler gives to another process at once.
    private static readonly long SpinTicks = Stopwatch.Frequency / 10_000;

    private readonly LoneNumber[] taken;
    private readonly long spinTicks;
    private LoneNumber pending;
    private Loop loop;

    // Odd while a loop goes on.
    private long round;
    private volatile Exception? failure;

    private void Work(int worker)
    {
        long seen = 0;
        long idleSince = Stopwatch.GetTimestamp();
        while (AwaitLoop(worker, seen, idleSince, out Loop current))
        {
            seen = current.Round;
            if (worker < current.Sharers)
            {
                Joining?.Invoke(worker);
                WakeBelow(worker, current.Sharers);
                DoParts(current, worker);
                idleSince = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Wakes two workers, who wake two more each: waking a hundred one after the other would take as long as a loop.</summary>
    private void WakeBelow(int worker, int sharers)
    {
        int first = (2 * worker) + 1;
        for (int i = first; i < Math.Min(first + 2, sharers); i++)
        {
            sleepers[i].WakeIfAsleep();
        }
    }

    /// <summary>Does parts of a loop until all are taken: those of the worker's own range, then those of the ranges after it.</summary>
    private void DoParts(in Loop current, int worker)
    {
        int range = worker % current.Ranges;
        for (int i = 0; i < current.Ranges; i++)
        {
            int done = 0;
            for (int part = Claim(current, range); part >= 0; part = Claim(current, range))
            {
                Do(current, part, scratch[worker]);
                done++;
            }

            if (done > 0 && Interlocked.Add(ref pending.Value, -done) == 0)
            {
                sleepers[0].WakeIfAsleep();
            }

            range = range + 1 == current.Ranges ? 0 : range + 1;
        }
    }

    /// <summary>Takes the next part of a range; below 0 where none is left, or the loop is over.</summary>
    private int Claim(in Loop current, int range)
    {
        int first = current.FirstOf(range);
        int length = current.FirstOf(range + 1) - first;
        long none = current.Round << PartBits;
        ref long number = ref taken[range].Value;
        long before = Volatile.Read(ref number);
        while (true)
        {
            long next = Math.Max(before, none) - none;
            if (next >= length)
            {
                return -1;
            }

            long now = Interlocked.CompareExchange(ref number, none + next + 1, before);
            if (now == before)
            {
                return first + (int)next;
            }

            before = now;
        }
    }

    private void Do(in Loop current, int part, WorkerScratch memory)
    {
        if (failure is not null)
        {
            return;
        }

        try
        {
            current.Entry(current.Body, part, memory);
        }
#pragma warning disable CA1031 // Whatever a part throws belongs to the caller of Run, not to this thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }
    }

    private void AwaitParts()
    {
        long start = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref pending.Value) != 0)
        {
            if (Stopwatch.GetTimestamp() - start < spinTicks)
            {
                Thread.SpinWait(1);
                continue;
            }

            sleepers[0].BeginSleep();
            if (Volatile.Read(ref pending.Value) != 0)
            {
                sleepers[0].Wait();
            }

            sleepers[0].EndSleep();
        }
    }

    private bool AwaitLoop(int worker, long seen, long idleSince, out Loop current)
    {
        while (!stopping)
        {
            if (IsLoopAfter(seen, out current))
            {
                return true;
            }

            if (Stopwatch.GetTimestamp() - idleSince < spinTicks)
            {
                Thread.SpinWait(8);
                continue;
            }

            sleepers[worker].BeginSleep();
            if (!stopping && !IsLoopAfter(seen, out _))
            {
                sleepers[worker].Wait();
            }

            sleepers[worker].EndSleep();
            idleSince = Stopwatch.GetTimestamp();
        }

        current = default;
        return false;
    }

    // The loop is only written between an even and an odd round: what was read within one round is of one piece.
    private bool IsLoopAfter(long seen, out Loop current)
    {
        long now = Volatile.Read(ref round);
        current = default;
        if (now == seen || (now & 1) == 0)
        {
            return false;
        }

        current = loop;
        Interlocked.MemoryBarrier();
        return now == Volatile.Read(ref round);
    }

    /// <summary>A loop as its workers see it. Parts are cut into ranges, which sharers own, or share where there are fewer.</summary>
    private readonly struct Loop(long round, delegate*<void*, int, WorkerScratch, void> entry, void* body, int parts, int sharers, int ranges)
    {
        public readonly delegate*<void*, int, WorkerScratch, void> Entry = entry;
        public readonly void* Body = body;
        public readonly long Round = round;
        public readonly int Sharers = sharers, Ranges = ranges;

        /// <summary>The first part of a range.</summary>
        public int FirstOf(int range) => (int)((long)parts * range / Ranges);
    }

    /// <summary>A number that shares its cache line, and the one fetched with it, with nothing else.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct LoneNumber
    {
        [FieldOffset(128)]
        public long Value;
    }
}
