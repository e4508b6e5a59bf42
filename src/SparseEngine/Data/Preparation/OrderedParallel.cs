namespace SparseEngine.Data.Preparation;

/// <summary>Maps a sequence on several threads, its order and a bound on what is in memory kept.</summary>
internal static class OrderedParallel
{
    /// <summary>
    /// Gives the results in the order of the source, which is read by the thread that takes the results, at most
    /// <paramref name="ahead"/> items before the one it waits for.
    /// </summary>
    /// <param name="source">The items.</param>
    /// <param name="map">What to do with each; its first failure in the order of the source is the one that is thrown.</param>
    /// <param name="threads">How many items are worked on at once.</param>
    /// <param name="ahead">How many may be underway or wait for their turn.</param>
    public static IEnumerable<TResult> Select<T, TResult>(IEnumerable<T> source, Func<T, TResult> map, int threads, int ahead)
    {
        TaskScheduler scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler;
        Queue<Task<TResult>> underway = new();
        try
        {
            foreach (T item in source)
            {
                if (underway.Count == ahead)
                {
                    yield return underway.Dequeue().GetAwaiter().GetResult();
                }

                underway.Enqueue(Task.Factory.StartNew(() => map(item), CancellationToken.None, TaskCreationOptions.None, scheduler));
            }

            while (underway.TryDequeue(out Task<TResult>? next))
            {
                yield return next.GetAwaiter().GetResult();
            }
        }
        finally
        {
            // After a failure the others end before what they work on is taken away.
            Task.WhenAll(underway).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        }
    }
}
