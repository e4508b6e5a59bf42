namespace SparseEngine.Runs;

/// <summary>A run failed while running: one line. The program ends with exit code 1.</summary>
public sealed class TrainingException : Exception
{
    /// <summary>Creates the error.</summary>
    public TrainingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
