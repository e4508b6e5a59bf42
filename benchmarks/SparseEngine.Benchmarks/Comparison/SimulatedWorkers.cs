using SparseEngine.Kernels.Host;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Workers that claim the parts of a loop as the pool's do, in time that is counted.</summary>
internal static class SimulatedWorkers
{
    /// <summary>The time until all parts of a loop are done, by workers that begin together.</summary>
    public static long Makespan(in LoopRecord loop)
    {
        PriorityQueue<int, (long Time, int Worker)> workers = new();
        int[] next = new int[loop.Ranges];
        for (int range = 0; range < loop.Ranges; range++)
        {
            next[range] = loop.FirstOf(range);
        }

        for (int worker = 0; worker < loop.Sharers; worker++)
        {
            workers.Enqueue(worker, (0, worker));
        }

        long end = 0;
        while (workers.TryDequeue(out int worker, out (long Time, int Worker) at))
        {
            int part = Claim(loop, worker, next);
            if (part >= 0)
            {
                long time = at.Time + loop.Times[part];
                end = Math.Max(end, time);
                workers.Enqueue(worker, (time, worker));
            }
        }

        return end;
    }

    private static int Claim(in LoopRecord loop, int worker, int[] next)
    {
        for (int i = 0; i < loop.Ranges; i++)
        {
            int range = (worker + i) % loop.Ranges;
            if (next[range] < loop.FirstOf(range + 1))
            {
                return next[range]++;
            }
        }

        return -1;
    }
}
