namespace SparseEngine.Kernels.Host;

/// <content>Items of unlike size, side by side.</content>
internal sealed partial class HostDevice<TSimd, TVector>
{
    /// <inheritdoc/>
    public override void ForEach(int count, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (count <= 1 || pool.Workers == 1 || Profile is not null)
        {
            base.ForEach(count, work);
            return;
        }

        pool.Run(Math.Min(count, pool.Workers), new ClaimBody(new Claims(count, work)));
    }

    /// <summary>The items that no worker has taken yet.</summary>
    private sealed class Claims(int count, Action<int> work)
    {
        private int next = -1;

        /// <summary>Takes items until there are none left.</summary>
        public void Work()
        {
            for (int item = Interlocked.Increment(ref next); item < count; item = Interlocked.Increment(ref next))
            {
                try
                {
                    work(item);
                }
                catch
                {
                    // No worker begins another item.
                    Volatile.Write(ref next, count);
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
}
