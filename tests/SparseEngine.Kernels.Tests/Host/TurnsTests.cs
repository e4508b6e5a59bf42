using SparseEngine.Kernels.Host;

namespace SparseEngine.Kernels.Tests.Host;

public class TurnsTests
{
    private const int Parts = 60;
    private const int Group = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(9)]
    public void Parts_that_share_a_result_reach_it_in_the_order_of_their_indices(int workers)
    {
        using WorkerPool pool = new(workers);
        Turns turns = new();
        for (int loop = 0; loop < 50; loop++)
        {
            List<int>[] results = [.. Enumerable.Range(0, Parts / Group).Select(_ => new List<int>())];
            turns.Begin(results.Length);
            pool.RunInOrder(Parts, new Adding(turns, results, FailingPart: -1));
            Assert.Equal(Enumerable.Range(0, Parts), results.SelectMany(result => result));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Nobody_waits_for_a_part_that_failed(int workers)
    {
        using WorkerPool pool = new(workers);
        Turns turns = new();
        List<int>[] results = [.. Enumerable.Range(0, Parts / Group).Select(_ => new List<int>())];
        turns.Begin(results.Length);
        Assert.Throws<InvalidOperationException>(() => pool.RunInOrder(Parts, new Adding(turns, results, FailingPart: 1)));
    }

    [Fact]
    public void Nobody_waits_for_a_worker_that_has_not_begun()
    {
        using ManualResetEventSlim gate = new(false);
        using WorkerPool pool = new(5) { Joining = worker => Hold(worker, gate) };
        Turns turns = new();
        List<int>[] results = [.. Enumerable.Range(0, Parts / Group).Select(_ => new List<int>())];
        turns.Begin(results.Length);
        pool.RunInOrder(Parts, new Adding(turns, results, FailingPart: -1));
        gate.Set();
        Assert.Equal(Enumerable.Range(0, Parts), results.SelectMany(result => result));

        static void Hold(int worker, ManualResetEventSlim gate)
        {
            if (worker != 3)
            {
                gate.Wait();
            }
        }
    }

    private readonly record struct Adding(Turns Turns, List<int>[] Results, int FailingPart) : IParallelBody
    {
        public void Invoke(int index, WorkerScratch scratch)
        {
            if (index == FailingPart)
            {
                Turns.Abandon();
                throw new InvalidOperationException();
            }

            Turns.Await(index / Group, index % Group);
            lock (Results[index / Group])
            {
                Results[index / Group].Add(index);
            }

            Turns.Pass(index / Group);
        }
    }
}
