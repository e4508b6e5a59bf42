namespace SparseEngine.Kernels.Sparse;

/// <summary>A work in parts, none of which reads what another one writes: they may be done in any order, or side by side.</summary>
internal interface IParts
{
    /// <summary>Does a part.</summary>
    void Do(int part);
}

/// <summary>Those who share a work.</summary>
internal interface IWorkers
{
    /// <summary>Into how many parts a work on so many elements is cut, 1 or more. No result may depend on it.</summary>
    int PartsFor(long elements);

    /// <summary>Does all parts below <paramref name="parts"/>, and returns when they are done.</summary>
    void Run<TParts>(int parts, TParts work)
        where TParts : struct, IParts, allows ref struct;
}

/// <summary>The calling thread by itself.</summary>
internal sealed class OneWorker : IWorkers
{
    private OneWorker()
    {
    }

    /// <summary>It.</summary>
    public static OneWorker Instance { get; } = new();

    /// <inheritdoc/>
    public int PartsFor(long elements) => 1;

    /// <inheritdoc/>
    public void Run<TParts>(int parts, TParts work)
        where TParts : struct, IParts, allows ref struct
    {
        for (int part = 0; part < parts; part++)
        {
            work.Do(part);
        }
    }
}
