namespace SparseEngine.Distributed;

/// <summary>Why a run of several ranks ends: one of them is lost or cannot go on.</summary>
/// <param name="Place">Which.</param>
/// <param name="Cause">What is wrong, in a line.</param>
/// <param name="ExitCode">What all ranks end with.</param>
/// <param name="IsToldHere">Whether this process is the one that tells the user.</param>
public sealed record RankFailure(RankPlace Place, string Cause, int ExitCode, bool IsToldHere)
{
    /// <summary>Writes the line to standard error, at once and in one piece, where this process is the one that tells.</summary>
    public void Tell()
    {
        if (IsToldHere)
        {
            ProcessEnd.WriteLastLine(ToString());
        }
    }

    /// <summary>The line for the user: rank, host and cause.</summary>
    public override string ToString() => $"{Place}: {Cause}";
}
