using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels.Tests.Host;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_part_is_done_once(int workers)
    {
        using WorkerPool pool = new(workers);
        foreach (int parts in new[] { 0, 1, 2, 3, 7, 100 })
        {
            int[] calls = new int[parts];
            pool.Run(parts, new Counting(calls));
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Many_short_loops_in_a_row_all_end()
    {
        using WorkerPool pool = new(3);
        int[] calls = new int[5];
        for (int loop = 0; loop < 1000; loop++)
        {
            pool.Run(calls.Length, new Counting(calls));
        }

        Assert.All(calls, count => Assert.Equal(1000, count));
    }

    /// <summary>Loops at the moment when workers go to sleep, where a wake-up could be lost or taken by another worker.</summary>
    [Fact]
    public void Workers_that_sleep_are_woken()
    {
        using WorkerPool pool = new(4);
        int[] calls = new int[8];
        for (int loop = 0; loop < 200; loop++)
        {
            pool.Run(calls.Length, new Counting(calls));
            Thread.Sleep(loop % 3);
        }

        Assert.All(calls, count => Assert.Equal(200, count));
    }

    [Fact]
    public void A_part_stays_on_its_worker_from_loop_to_loop()
    {
        using WorkerPool pool = new(3);
        int[] first = new int[7];
        int[] second = new int[7];
        pool.Run(first.Length, new Recording(first));
        pool.Run(second.Length, new Recording(second));
        Assert.Equal(first, second);
        Assert.Equal(Environment.CurrentManagedThreadId, first[0]);
        Assert.Equal(3, first.Distinct().Count());
        Assert.Equal(first[1], first[4]);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 2)]
    public void An_exception_of_a_part_reaches_the_caller_and_the_pool_works_on(int workers, int part)
    {
        using WorkerPool pool = new(workers);
        int[] calls = new int[4];
        for (int loop = 0; loop < 3; loop++)
        {
            FormatException error = Assert.Throws<FormatException>(() => pool.Run(4, new Throwing(part)));
            Assert.Equal($"part {part}", error.Message);
            pool.Run(calls.Length, new Counting(calls));
        }

        Assert.All(calls, count => Assert.Equal(3, count));
    }

    [Fact]
    public void Starting_a_loop_allocates_nothing()
    {
        using WorkerPool pool = new(2);
        int[] calls = new int[2];
        for (int loop = 0; loop < 100; loop++)
        {
            pool.Run(calls.Length, new Counting(calls));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int loop = 0; loop < 100; loop++)
        {
            pool.Run(calls.Length, new Counting(calls));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_pool_may_be_disposed_twice_and_at_once()
    {
        for (int i = 0; i < 20; i++)
        {
            WorkerPool pool = new(3);
            pool.Dispose();
            pool.Dispose();
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
    }

    private readonly struct Counting(int[] calls) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => Interlocked.Increment(ref calls[index]);
    }

    private readonly struct Recording(int[] threads) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch) => threads[index] = Environment.CurrentManagedThreadId;
    }

    private readonly struct Throwing(int part) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (index == part)
            {
                throw new FormatException($"part {part}");
            }
        }
    }
}
