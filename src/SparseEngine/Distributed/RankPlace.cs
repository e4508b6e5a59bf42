namespace SparseEngine.Distributed;

/// <summary>Where a rank runs.</summary>
/// <param name="Rank">Its number, from 0.</param>
/// <param name="Host">The machine's name.</param>
/// <param name="ProcessId">The process's number there.</param>
/// <param name="LocalRank">Its number among the ranks of that machine, from 0.</param>
public sealed record RankPlace(int Rank, string Host, int ProcessId, int LocalRank)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"rank {Rank} on host {Host}");
}
