namespace SparseEngine.Sweeps;

/// <summary>Follows a sweep. Calls come from the sweep's thread.</summary>
public interface ISweepObserver
{
    /// <summary>A run begins, or goes on.</summary>
    void OnRunStarted(SweepRun run)
    {
    }

    /// <summary>A run waits for a process that still trains in its folder: that of a sweep which was killed soon notices, and ends.</summary>
    void OnRunInUse(SweepRun run)
    {
    }

    /// <summary>A run is done, has failed, or was stopped.</summary>
    void OnRunEnded(SweepRun run, SweepResult result)
    {
    }
}
