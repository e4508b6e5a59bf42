using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>A piece of parallel work: called once for each index, on any worker.</summary>
internal interface IParallelBody
{
    /// <summary>Does the part <paramref name="index"/>.</summary>
    /// <param name="index">Which part.</param>
    /// <param name="scratch">The worker's own scratch memory.</param>
    void Invoke(int index, WorkerScratch scratch);
}

/// <summary>Memory that one worker uses for tiles; it grows to the largest size asked for and stays.</summary>
internal sealed unsafe class WorkerScratch : IDisposable
{
    private const int Alignment = 4096;
    private float* memory;
    private int capacity;

    ~WorkerScratch() => NativeMemory.AlignedFree(memory);

    /// <summary>At least <paramref name="floats"/> floats with undefined contents, valid until the next call.</summary>
    public float* Take(int floats)
    {
        if (floats > capacity)
        {
            NativeMemory.AlignedFree(memory);
            memory = (float*)NativeMemory.AlignedAlloc(((nuint)floats * sizeof(float) + Alignment - 1) / Alignment * Alignment, Alignment);
            capacity = floats;
        }

        return memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        capacity = 0;
        GC.SuppressFinalize(this);
    }
}

/// <summary>
/// A fixed set of threads for data-parallel loops. Index i always runs on worker i mod Workers, so a schedule's block
/// finds its weights in the caches of the core that used them last. Starting a loop allocates nothing.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    // A worker that finds no work spins this often before it sleeps: longer than the gap between two operations of a step.
    private const int SpinIterations = 2000;

    private readonly Thread[] threads;
    private readonly WorkerScratch[] scratch;
    private readonly Sleeper[] sleepers;
    private volatile int round;
    private volatile int remaining;
    private volatile bool stopping;
    private delegate*<void*, int, int, int, WorkerScratch, void> entry;
    private void* body;
    private int count;
    private Exception? failure;

    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        scratch = new WorkerScratch[workers];
        for (int i = 0; i < workers; i++)
        {
            scratch[i] = new WorkerScratch();
        }

        threads = new Thread[workers - 1];
        sleepers = new Sleeper[workers - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            sleepers[i] = new Sleeper();
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"SparseEngine worker {worker}" };
            try
            {
                threads[i].Start();
            }
            catch (OutOfMemoryException error)
            {
                // What .NET says where the system starts no more threads, most often for a limit of theirs (ulimit -u).
                stopping = true;
                Array.ForEach(sleepers[..i], sleeper => sleeper.WakeIfAsleep());
                throw new DeviceException(
                    $"{worker} of {workers} threads could be started: the system, or a limit of this process, allows no more", error);
            }
        }
    }

    /// <summary>The number of workers, the calling thread included.</summary>
    public int Workers => scratch.Length;

    /// <summary>
    /// Calls <paramref name="work"/> for every index below <paramref name="parts"/> and returns when all are done, or throws what the first part to
    /// fail threw.
    /// </summary>
    public void Run<TBody>(int parts, TBody work)
        where TBody : struct, IParallelBody, allows ref struct
    {
        if (parts <= 1 || threads.Length == 0)
        {
            for (int i = 0; i < parts; i++)
            {
                work.Invoke(i, scratch[0]);
            }

            return;
        }

        // The body stays on this thread's stack while the others read it: this method waits for them all.
        body = Unsafe.AsPointer(ref work);
        entry = &InvokeParts<TBody>;
        count = parts;
        failure = null;
        remaining = threads.Length;
        Interlocked.Increment(ref round);
        foreach (Sleeper sleeper in sleepers)
        {
            sleeper.WakeIfAsleep();
        }

        RunPartsOf(0);
        SpinWait spin = default;
        while (remaining != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        stopping = true;
        Interlocked.MemoryBarrier();
        for (int i = 0; i < threads.Length; i++)
        {
            sleepers[i].WakeIfAsleep();
            threads[i].Join();
            sleepers[i].Dispose();
        }

        foreach (WorkerScratch memory in scratch)
        {
            memory.Dispose();
        }
    }

    private static void InvokeParts<TBody>(void* body, int worker, int workers, int count, WorkerScratch scratch)
        where TBody : struct, IParallelBody, allows ref struct
    {
        ref TBody work = ref Unsafe.AsRef<TBody>(body);
        for (int i = worker; i < count; i += workers)
        {
            work.Invoke(i, scratch);
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (WaitForRoundAfter(seen, sleepers[worker - 1]))
        {
            seen++;
            RunPartsOf(worker);
            Interlocked.Decrement(ref remaining);
        }
    }

    private void RunPartsOf(int worker)
    {
        try
        {
            entry(body, worker, Workers, count, scratch[worker]);
        }
#pragma warning disable CA1031 // Whatever a part throws belongs to the caller of Run, not to this thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }
    }

    // Rounds come one at a time, since Run waits for every worker: the next one is seen + 1.
    private bool WaitForRoundAfter(int seen, Sleeper sleeper)
    {
        for (int i = 0; i < SpinIterations && !stopping; i++)
        {
            if (round != seen)
            {
                return true;
            }

            Thread.SpinWait(20);
        }

        while (round == seen && !stopping)
        {
            sleeper.BeginSleep();
            if (round == seen && !stopping)
            {
                sleeper.Wait();
            }

            sleeper.EndSleep();
        }

        return round != seen;
    }

    /// <summary>
    /// One worker's bed. Each has its own: with a shared semaphore a worker that is fast enough to do its part and sleep
    /// again takes the wake-up meant for one that has not risen yet, and the loop never ends.
    /// </summary>
    private sealed class Sleeper : IDisposable
    {
        private readonly SemaphoreSlim wake = new(0);
        private int asleep;

        /// <summary>Announces the sleep, before the last look for work: whoever brings work after that look sees it.</summary>
        public void BeginSleep() => Interlocked.Exchange(ref asleep, 1);

        public void Wait() => wake.Wait();

        public void EndSleep() => Interlocked.Exchange(ref asleep, 0);

        /// <summary>A wake-up that comes before the wait only makes the worker look once more.</summary>
        public void WakeIfAsleep()
        {
            if (Volatile.Read(ref asleep) != 0)
            {
                wake.Release();
            }
        }

        public void Dispose() => wake.Dispose();
    }
}
