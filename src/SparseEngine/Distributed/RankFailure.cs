namespace SparseEngine.Distributed;

/// <summary>Why a run of several ranks ends: one of them is lost or cannot go on.</summary>
/// <param name="Place">Which.</param>
/// <param name="Cause">What is wrong, in a line.</param>
/// <param name="ExitCode">What all ranks end with.</param>
/// <param name="IsToldHere">Whether this process is the one that tells the user.</param>
public sealed record RankFailure(RankPlace Place, string Cause, int ExitCode, bool IsToldHere)
{
    /// <summary>The line for the user: rank, host and cause.</summary>
    public override string ToString() => $"{Place}: {Cause}";
}
