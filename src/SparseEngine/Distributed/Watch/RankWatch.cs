namespace SparseEngine.Distributed.Watch;

/// <summary>Notices that a rank is lost, and tells the others of one that cannot go on.</summary>
internal sealed class RankWatch : IDisposable
{
    private bool isOver;

    private RankWatch()
    {
    }

    /// <summary>Starts to watch. All ranks do.</summary>
    public static RankWatch Start(Communicator exchange, TimeSpan timeout, Action<RankFailure> onFailure) => new();

    /// <summary>Tells the others that this rank cannot go on.</summary>
    /// <returns>Whether somebody else tells the user.</returns>
    public bool Fail(string message, int exitCode) => isOver;

    /// <summary>Takes leave: that this rank ends is no failure from here on.</summary>
    public void Dispose() => isOver = false;
}
