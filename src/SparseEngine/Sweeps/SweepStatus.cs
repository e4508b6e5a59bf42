namespace SparseEngine.Sweeps;

/// <summary>Where a run of a sweep stands.</summary>
public enum SweepStatus
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It has begun and was stopped or killed, or is going on: the same command goes on with it.</summary>
    Started,

    /// <summary>It has done all its steps.</summary>
    Done,

    /// <summary>It failed and was passed over.</summary>
    Failed,
}
