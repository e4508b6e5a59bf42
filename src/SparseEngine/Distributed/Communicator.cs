using System.Collections.Immutable;

namespace SparseEngine.Distributed;

/// <summary>The processes that train one model together, as one of them sees them: each is a rank, 0 the first.</summary>
/// <remarks>
/// Every method but <see cref="Fail"/> is collective: all ranks call the same ones in the same order, from one thread. Sums are taken in the order of
/// the ranks, so that they depend on nothing but their number, and all ranks receive the same bits. Where a rank is lost, nobody waits for it: the
/// process ends (see <see cref="RankFailure"/>).
/// </remarks>
public abstract class Communicator : IDisposable
{
    private protected Communicator()
    {
    }

    /// <summary>A process that trains by itself.</summary>
    public static Communicator Alone { get; } = new SingleProcess();

    /// <summary>The number of ranks.</summary>
    public int Size => Places.Length;

    /// <summary>This process's number, from 0.</summary>
    public abstract int Rank { get; }

    /// <summary>Where each rank runs.</summary>
    public abstract ImmutableArray<RankPlace> Places { get; }

    /// <summary>Where this rank runs.</summary>
    public RankPlace Place => Places[Rank];

    /// <summary>Whether this is rank 0, which alone writes files and shows progress.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Whether there is no other rank.</summary>
    public bool IsAlone => Size == 1;

    /// <summary>What carries the messages, for people: "Open MPI 4.1.4, 4 ranks on 2 hosts".</summary>
    public abstract string Description { get; }

    /// <summary>Makes a place for numbers that are added up over the ranks beside other work.</summary>
    /// <param name="capacity">The most numbers of one sum.</param>
    public abstract Reduction AllocateReduction(int capacity);

    /// <summary>Replaces each number by its sum over the ranks.</summary>
    public abstract void Sum(Span<double> values);

    /// <summary>What each rank gave, by rank: blocks of any lengths.</summary>
    public abstract ImmutableArray<byte[]> Gather(ReadOnlySpan<byte> block);

    /// <summary>What rank 0 gave.</summary>
    /// <param name="block">Of rank 0; that of others does not matter.</param>
    public abstract byte[] Broadcast(ReadOnlySpan<byte> block);

    /// <summary>Says that this rank cannot go on, so that all others end too, by a line of rank 0. The caller ends the process then.</summary>
    /// <param name="message">One line: what is wrong.</param>
    /// <param name="exitCode">The exit code of all ranks.</param>
    /// <returns>Whether somebody else tells the user of it; else it is this process's to do.</returns>
    public abstract bool Fail(string message, int exitCode);

    /// <summary>Takes leave. All ranks do, when all that they have asked for is done.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the messages need.</summary>
    protected abstract void Dispose(bool disposing);
}
