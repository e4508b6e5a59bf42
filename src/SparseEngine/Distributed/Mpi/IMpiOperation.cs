namespace SparseEngine.Distributed.Mpi;

/// <summary>Something that goes over all ranks while they do other things. The thread that calls MPI brings it forward.</summary>
internal interface IMpiOperation
{
    /// <summary>Begins it, in the order in which operations were asked for.</summary>
    void Begin(MpiWorld world);

    /// <summary>Brings it forward, where all before it have got to their last part.</summary>
    /// <returns>Whether it has got there itself, so that the next may follow.</returns>
    bool Advance(MpiWorld world);

    /// <summary>Whether nothing of it is under way any more.</summary>
    bool IsDone { get; }

    /// <summary>Wakes whoever waits for it.</summary>
    /// <param name="failure">What ended it before it was done.</param>
    void Complete(CommunicationException? failure);
}
