using SparseEngine.Distributed;

namespace SparseEngine.DataParallel;

/// <summary>The wish to stop, which may reach only some of the ranks, or not all at once.</summary>
internal static class StopRequest
{
    /// <summary>Whether any rank is asked to stop: then all do. All ranks ask at the same place.</summary>
    public static bool IsAgreed(Communicator ranks, CancellationToken stop)
    {
        if (ranks.IsAlone)
        {
            return stop.IsCancellationRequested;
        }

        Span<double> asked = [stop.IsCancellationRequested ? 1 : 0];
        ranks.Sum(asked);
        return asked[0] > 0;
    }
}
