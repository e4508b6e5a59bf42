using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>Items of unlike size, side by side.</content>
internal sealed partial class HostDevice<TSimd, TVector>
{
    // Who does an operation on elements.
    private readonly PoolWorkers workers;

    /// <inheritdoc/>
    /// <remarks>
    /// An item that is larger than its fair share of what is left would still be going when all others are done. Such items, and those that are fewer
    /// than the threads, go one by one, each of their operations cut into parts for all threads; the others side by side, the largest first.
    /// </remarks>
    public override void ForEach(ReadOnlySpan<long> sizes, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (pool.Workers == 1 || Profile is not null || workers.AreTaken)
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
        int parts = workers.PartsFor(long.MaxValue);
        workers.Run(parts, new RangeParts(count, multiple, parts, work));
    }

    private void ShareOut(ReadOnlyMemory<int> items, Action<int> work)
    {
        workers.AreTaken = true;
        try
        {
            // In order: the largest first.
            pool.RunInOrder(items.Length, new ItemBody(items, work));
        }
        finally
        {
            workers.AreTaken = false;
        }
    }

    private readonly struct ItemBody(ReadOnlyMemory<int> items, Action<int> work) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => work(items.Span[index]);
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
