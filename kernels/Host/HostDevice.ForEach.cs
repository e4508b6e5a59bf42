using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Items of unlike size, side by side.</content>
internal sealed partial class HostDevice<TSimd, TVector>
{
    private readonly PoolWorkers workers;

    // Set while items go side by side: then every worker is busy with one.
    private bool itemsAreShared;

    /// <summary>Who does an operation on elements.</summary>
    private IWorkers Workers => itemsAreShared ? OneWorker.Instance : workers;

    /// <inheritdoc/>
    /// <remarks>
    /// An item that is larger than its fair share of what is left would still be going when all others are done. Such items, and those that are fewer
    /// than the threads, go one by one, each of their operations cut into parts for all threads; the others side by side, the largest first.
    /// </remarks>
    public override void ForEach(ReadOnlySpan<long> sizes, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (pool.Workers == 1 || Profile is not null || itemsAreShared)
        {
            base.ForEach(sizes, work);
            return;
        }

        long[] sorted = sizes.ToArray();
        int[] items = [.. Enumerable.Range(0, sorted.Length).OrderByDescending(item => sorted[item])];
        long left = sorted.Sum();
        int next = 0;
        for (; next < items.Length && sorted[items[next]] * pool.Workers > left; next++)
        {
            work(items[next]);
            left -= sorted[items[next]];
        }

        if (next < items.Length)
        {
            ShareOut(items.AsMemory(next), work);
        }
    }

    /// <inheritdoc/>
    public override void ForRanges(int count, int multiple, Action<int, int> work)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        ArgumentNullException.ThrowIfNull(work);
        int parts = Workers.PartsFor(long.MaxValue);
        Workers.Run(parts, new RangeParts(count, multiple, parts, work));
    }

    private void ShareOut(ReadOnlyMemory<int> items, Action<int> work)
    {
        itemsAreShared = true;
        try
        {
            pool.Run(Math.Min(items.Length, pool.Workers), new ClaimBody(new Claims(items, work)));
        }
        finally
        {
            itemsAreShared = false;
        }
    }

    /// <summary>The items that no worker has taken yet.</summary>
    private sealed class Claims(ReadOnlyMemory<int> items, Action<int> work)
    {
        private int next = -1;

        /// <summary>Takes items until there are none left.</summary>
        public void Work()
        {
            for (int item = Interlocked.Increment(ref next); item < items.Length; item = Interlocked.Increment(ref next))
            {
                try
                {
                    work(items.Span[item]);
                }
                catch
                {
                    // No worker begins another item.
                    Volatile.Write(ref next, items.Length);
                    throw;
                }
            }
        }
    }

    /// <summary>A worker's part, which is as much as it finds time for.</summary>
    private readonly struct ClaimBody(Claims claims) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => claims.Work();
    }

    private readonly struct RangeParts(int count, int multiple, int parts, Action<int, int> work) : IParts
    {
        public void Do(int part)
        {
            Run multiples = Sparse.Run.Part((int)(((long)count + multiple - 1) / multiple), part, parts);
            work(multiples.Start * multiple, (int)Math.Min(count, (multiples.Start + (long)multiples.Length) * multiple));
        }
    }
}
