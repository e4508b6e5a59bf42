namespace SparseEngine.Kernels.Host;

/// <summary>A piece of parallel work: called once for each index, on any worker.</summary>
internal interface IParallelBody
{
    /// <summary>Does the part <paramref name="index"/>.</summary>
    /// <param name="index">Which part.</param>
    /// <param name="scratch">The own scratch memory of the worker that does it.</param>
    void Invoke(int index, WorkerScratch scratch);
}
