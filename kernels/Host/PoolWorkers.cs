using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A pool's threads as those who share a work on elements.</summary>
internal sealed class PoolWorkers(WorkerPool pool) : IWorkers
{
    // Fewer are done before another thread has begun.
    private const int FewestElements = 4096;

    /// <summary>Whether the threads go over items side by side: then each does what it is asked for by itself.</summary>
    public bool AreTaken { get; set; }

    /// <inheritdoc/>
    public int PartsFor(long elements) => AreTaken ? 1 : (int)Math.Clamp(elements / FewestElements, 1, pool.Workers);

    /// <inheritdoc/>
    public void Run<TParts>(int parts, TParts work)
        where TParts : struct, IParts, allows ref struct
    {
        if (AreTaken)
        {
            OneWorker.Instance.Run(parts, work);
        }
        else
        {
            pool.Run(parts, new PartsBody<TParts>(work));
        }
    }

    private readonly ref struct PartsBody<TParts>(TParts work) : IParallelBody
        where TParts : struct, IParts, allows ref struct
    {
        private readonly TParts work = work;

        public void Invoke(int index, WorkerScratch scratch) => work.Do(index);
    }
}
