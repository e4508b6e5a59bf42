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

    /// <summary>Each worker's first part waits for those of the others, so that all are there.</summary>
    [Fact]
    public void Workers_who_are_all_there_have_the_same_parts_in_each_loop()
    {
        using WorkerPool pool = new(3);
        int[] first = Recorded();
        Assert.Equal(first, Recorded());
        Assert.Equal(Environment.CurrentManagedThreadId, first[0]);
        Assert.Equal(3, first.Distinct().Count());

        int[] Recorded()
        {
            using Barrier meeting = new(3);
            int[] threads = new int[3];
            pool.Run(threads.Length, new Meeting(meeting, threads));
            return threads;
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void A_loop_ends_although_no_worker_but_the_caller_begins(int workers)
    {
        using ManualResetEventSlim gate = new(false);
        using WorkerPool pool = new(workers) { Joining = _ => gate.Wait() };
        int[] threads = new int[100];
        int[] calls = new int[threads.Length];
        for (int loop = 0; loop < 100; loop++)
        {
            pool.Run(threads.Length, new Recording(threads));
            pool.RunInOrder(threads.Length, new Recording(threads));
            pool.Run(loop, new Counting(calls));
        }

        gate.Set();
        Assert.All(threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));
    }

    /// <summary>Workers that come late to loops of other lengths do no part of them again, and none of the next.</summary>
    [Fact]
    public void Workers_that_come_at_any_time_do_no_part_twice()
    {
        int late = 0;
        using WorkerPool pool = new(5)
        {
            Joining = worker => Thread.SpinWait(Interlocked.Increment(ref late) % 13 * worker * 50),
        };
        for (int loop = 0; loop < 3000; loop++)
        {
            int[] calls = new int[2 + (loop * 7 % 40)];
            pool.Run(calls.Length, new Counting(calls));
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_worker_that_does_not_come_on_has_its_other_parts_done_by_those_that_do(int workers)
    {
        using WorkerPool pool = new(workers);
        using CountdownEvent others = new(59);
        pool.Run(60, new Slow(others));
    }

    [Fact]
    public void A_loop_that_is_not_worth_sharing_is_done_by_the_caller()
    {
        using WorkerPool pool = new(4);
        int[] threads = new int[200];
        pool.Run(threads.Length, new Recording(threads), nanoseconds: 5_000);
        Assert.All(threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));
    }

    [Theory]
    [InlineData(1, 1_000_000_000, 1000, 1)]
    [InlineData(2, 0, 1000, 1)]
    [InlineData(2, 15_000, 1000, 1)]
    [InlineData(2, 40_000, 1000, 2)]
    [InlineData(64, 40_000, 1000, 8)]
    [InlineData(2, 1_000_000, 1000, 10)]
    [InlineData(2, 1_000_000, 7, 6)]
    [InlineData(64, 1_000_000_000, 1000, 960)]
    [InlineData(64, 1_000_000_000, 3, 3)]
    [InlineData(4, 1_000_000_000, 0, 1)]
    public void Parts_are_as_many_as_the_work_is_worth_and_no_more_than_there_are(int workers, long nanoseconds, int most, int parts)
    {
        using WorkerPool pool = new(workers);
        Assert.Equal(parts, pool.PartsFor(nanoseconds, most));
    }

    [Fact]
    public void Far_more_workers_than_cores_end_their_loops_too()
    {
        using WorkerPool pool = new(64);
        int[] calls = new int[200];
        for (int loop = 0; loop < 50; loop++)
        {
            pool.Run(calls.Length, new Counting(calls));
        }

        Assert.All(calls, count => Assert.Equal(50, count));
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

    private readonly struct Meeting(Barrier meeting, int[] threads) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            threads[index] = Environment.CurrentManagedThreadId;
            Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1)));
        }
    }

    /// <summary>The first part takes until all others are done.</summary>
    private readonly struct Slow(CountdownEvent others) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (index > 0)
            {
                others.Signal();
            }
            else
            {
                Assert.True(others.Wait(TimeSpan.FromMinutes(1)));
            }
        }
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
