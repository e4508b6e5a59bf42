namespace SparseEngine.Sweeps;

/// <summary>How a run of a sweep ended.</summary>
public sealed class RunEnd
{
    private RunEnd()
    {
    }

    /// <summary>It has done all its steps.</summary>
    public static RunEnd Done { get; } = new();

    /// <summary>It was asked to stop, and goes on another time.</summary>
    public static RunEnd Stopped { get; } = new() { IsStopped = true };

    /// <summary>It failed.</summary>
    /// <param name="error">Why, in a line.</param>
    public static RunEnd Failed(string error) => new() { Error = error };

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; private init; }

    /// <summary>Whether it was stopped before its end.</summary>
    public bool IsStopped { get; private init; }
}
