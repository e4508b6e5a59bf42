using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A pool's threads as those who share a work on elements.</summary>
internal sealed class PoolWorkers(WorkerPool pool) : IWorkers
{
    // Fewer are done before another thread has begun.
    private const int FewestElements = 4096;

    /// <inheritdoc/>
    public int PartsFor(long elements) => (int)Math.Clamp(elements / FewestElements, 1, pool.Workers);

    /// <inheritdoc/>
    public void Run<TParts>(int parts, TParts work)
        where TParts : struct, IParts, allows ref struct => pool.Run(parts, new PartsBody<TParts>(work));

    private readonly ref struct PartsBody<TParts>(TParts work) : IParallelBody
        where TParts : struct, IParts, allows ref struct
    {
        private readonly TParts work = work;

        public void Invoke(int index, WorkerScratch scratch) => work.Do(index);
    }
}
