using System.Diagnostics;

namespace SparseEngine.Distributed.Mpi;

/// <summary>How ranks are brought together, and what becomes of them when one is lost.</summary>
public sealed record JoinOptions
{
    /// <summary>How long a rank may be silent; at the start it may keep the others waiting as long, and at least for ten seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How a program is started that gives the arguments to <see cref="Watch.RankWitness.Run"/>, for launchers that kill all ranks at once when one
    /// is lost: it is another process's to tell of it then. Null for none.
    /// </summary>
    public Func<IReadOnlyList<string>, ProcessStartInfo>? Witness { get; init; }

    /// <summary>
    /// Called once, on a thread of its own, when a rank is lost or cannot go on. The process ends when it has returned, which it does quickly, and
    /// the other ranks know. By default it writes the failure to standard error where this process is the one to tell of it.
    /// </summary>
    public Action<RankFailure> OnFailure { get; init; } = failure => failure.Tell();
}
