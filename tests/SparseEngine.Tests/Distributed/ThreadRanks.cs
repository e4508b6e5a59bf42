using System.Collections.Immutable;
using System.Runtime.ExceptionServices;

namespace SparseEngine.Tests.Distributed;

/// <summary>Ranks that are threads of the test. Where one throws, the others do not wait for it.</summary>
internal sealed class ThreadRanks(int size)
{
    private readonly object gate = new();
    private readonly byte[][] blocks = new byte[size][];
    private int arrived;
    private int meetings;
    private bool hasFailed;

    public int Size => size;

    /// <summary>What each rank adds up. Of the others a rank reads between two meetings.</summary>
    public double[][] Numbers { get; } = [.. Enumerable.Range(0, size).Select(_ => new double[16])];

    /// <summary>The gradients that each rank adds up, likewise.</summary>
    public float[][] Gradients { get; } = new float[size][];

    /// <summary>Runs each rank's part, and throws what the first one threw that did not just wait for another.</summary>
    public static T[] Run<T>(int size, Func<ThreadCommunicator, T> part)
    {
        ThreadRanks ranks = new(size);
        T[] results = new T[size];
        Exception?[] thrown = new Exception?[size];
        Thread[] threads =
        [
            .. Enumerable.Range(0, size).Select(rank => new Thread(() =>
            {
                try
                {
                    using ThreadCommunicator own = new(ranks, rank);
                    results[rank] = part(own);
                }
                catch (Exception exception)
                {
                    thrown[rank] = exception;
                    ranks.Fail();
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        if (thrown.OfType<Exception>().OrderBy(exception => exception is OperationCanceledException).FirstOrDefault() is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return results;
    }

    /// <summary>All ranks give a block, and receive those of all.</summary>
    public ImmutableArray<byte[]> Exchange(int rank, byte[] block)
    {
        blocks[rank] = block;
        Meet();
        ImmutableArray<byte[]> all = [.. blocks];
        Meet();
        return all;
    }

    /// <summary>Waits for all ranks. Allocates nothing.</summary>
    /// <exception cref="OperationCanceledException">A rank does not come.</exception>
    public void Meet()
    {
        lock (gate)
        {
            int meeting = meetings;
            arrived++;
            if (arrived == size)
            {
                arrived = 0;
                meetings++;
                Monitor.PulseAll(gate);
            }

            while (meeting == meetings && !hasFailed)
            {
                Monitor.Wait(gate);
            }

            if (hasFailed)
            {
                throw new OperationCanceledException("another rank failed");
            }
        }
    }

    private void Fail()
    {
        lock (gate)
        {
            hasFailed = true;
            Monitor.PulseAll(gate);
        }
    }
}
