using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// A fixed set of threads for data-parallel loops. Each worker has a range of a loop's parts, claims them one by one, and goes on with parts of
/// others that nobody has begun: no loop waits for a thread that is late, and on an idle machine the same parts stay with the same core from loop to
/// loop. Starting a loop allocates nothing.
/// </summary>
internal sealed unsafe partial class WorkerPool : IDisposable
{
    private readonly Thread[] threads;
    private readonly WorkerScratch[] scratch;
    private readonly Sleeper[] sleepers;
    private volatile bool stopping;

    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        scratch = new WorkerScratch[workers];
        sleepers = new Sleeper[workers];
        taken = new LoneNumber[workers];
        spinTicks = workers > Environment.ProcessorCount ? 0 : SpinTicks;
        for (int i = 0; i < workers; i++)
        {
            scratch[i] = new WorkerScratch();
            sleepers[i] = new Sleeper();
        }

        threads = new Thread[workers - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            int worker = i + 1;
            threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"SparseEngine worker {worker}" };
            try
            {
                threads[i].Start();
            }
            catch (OutOfMemoryException error)
            {
                // What .NET says where the system starts no more threads, most often for a limit of theirs (ulimit -u).
                Stop();
                throw new DeviceException(
                    $"{worker} of {workers} threads could be started: the system, or a limit of this process, allows no more", error);
            }
        }
    }

    /// <summary>The number of workers, the calling thread included.</summary>
    public int Workers => scratch.Length;

    /// <summary>
    /// The nanoseconds of a loop, on one core, from which on it is shared: another has to be woken, and what it reads to move from cache to cache.
    /// </summary>
    public long ShortestLoop { get; set; } = 20_000;

    /// <summary>The nanoseconds of a loop, on one core, that are worth one more worker's while.</summary>
    public long ShortestShare { get; set; } = 5_000;

    /// <summary>The nanoseconds of a part: what others wait for at the end of a loop, should its worker be slow.</summary>
    public long PartTime { get; set; } = 100_000;

    /// <summary>Called by each worker but the caller before it joins a loop: a test holds workers back with it.</summary>
    public Action<int>? Joining { get; set; }

    /// <summary>
    /// Told of each loop, which then the caller does by itself, part after part: for a look at the schedule of more workers than there are cores.
    /// </summary>
    public LoopRecorder? Recorder { get; set; }

    /// <summary>Into how many parts to cut a loop that any number of parts would do.</summary>
    /// <param name="nanoseconds">What the loop takes on one core, to within a factor of two or so.</param>
    /// <param name="most">The most parts that it can be cut into at no cost.</param>
    /// <param name="times">How often <see cref="PartTime"/> a part may take.</param>
    /// <returns>1 for what is too small to share; as many for each worker as take that time, if there are so many.</returns>
    public int PartsFor(long nanoseconds, int most, int times = 1)
    {
        int sharers = SharersOf(nanoseconds, most);
        return sharers == 1 ? 1 : sharers * (int)Math.Clamp(nanoseconds / (sharers * times * PartTime), 1, most / sharers);
    }

    /// <summary>
    /// Calls <paramref name="work"/> for every index below <paramref name="parts"/> and returns when all are done, or throws what the first part to
    /// fail threw; then parts that had not begun are left out.
    /// </summary>
    /// <param name="parts">The number of parts.</param>
    /// <param name="work">What is done.</param>
    /// <param name="nanoseconds">What all of it takes on one core, to within a factor of two or so: a short loop is done by the caller alone.</param>
    public void Run<TBody>(int parts, TBody work, long nanoseconds = long.MaxValue)
        where TBody : struct, IParallelBody, allows ref struct
    {
        int sharers = SharersOf(nanoseconds, parts);
        Share(parts, sharers, sharers, ref work);
    }

    /// <summary>The same, where each part is begun after all those before it: a part may wait for the ones before it.</summary>
    /// <inheritdoc cref="Run"/>
    public void RunInOrder<TBody>(int parts, TBody work, long nanoseconds = long.MaxValue)
        where TBody : struct, IParallelBody, allows ref struct =>
        Share(parts, SharersOf(nanoseconds, parts), 1, ref work);

    public void Dispose()
    {
        Stop();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        foreach (WorkerScratch memory in scratch)
        {
            memory.Dispose();
        }
    }

    private void Stop()
    {
        stopping = true;
        Interlocked.MemoryBarrier();
        Array.ForEach(sleepers, sleeper => sleeper.WakeIfAsleep());
    }

    private int SharersOf(long nanoseconds, int parts) =>
        nanoseconds < ShortestLoop ? 1 : (int)Math.Clamp(nanoseconds / ShortestShare, 1, Math.Clamp(parts, 1, Workers));

    private void Share<TBody>(int parts, int sharers, int ranges, ref TBody work)
        where TBody : struct, IParallelBody, allows ref struct
    {
        if (Recorder is not null)
        {
            Record(Recorder, parts, sharers, ranges, ref work);
            return;
        }

        if (sharers == 1)
        {
            for (int i = 0; i < parts; i++)
            {
                work.Invoke(i, scratch[0]);
            }

            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, 1 << PartBits);

        // The body stays on this thread's stack while the others read it: this method waits for all parts.
        failure = null;
        pending.Value = parts;
        loop = new Loop(round + 1, &InvokePart<TBody>, Unsafe.AsPointer(ref work), parts, sharers, ranges);
        Interlocked.Increment(ref round);
        WakeBelow(0, sharers);
        DoParts(loop, 0);
        AwaitParts();
        Interlocked.Increment(ref round);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Record<TBody>(LoopRecorder recorder, int parts, int sharers, int ranges, ref TBody work)
        where TBody : struct, IParallelBody, allows ref struct
    {
        long[] times = new long[parts];
        for (int i = 0; i < parts; i++)
        {
            recorder.Prepare();
            long start = recorder.Clock();
            work.Invoke(i, scratch[0]);
            times[i] = recorder.Clock() - start;
        }

        recorder.Add(new LoopRecord(times, sharers, ranges));
    }

    private static void InvokePart<TBody>(void* body, int index, WorkerScratch scratch)
        where TBody : struct, IParallelBody, allows ref struct => Unsafe.AsRef<TBody>(body).Invoke(index, scratch);
}
