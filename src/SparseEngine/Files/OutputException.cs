namespace SparseEngine.Files;

/// <summary>A file cannot be written: one line naming it and the reason. The program ends with exit code 1.</summary>
public sealed class OutputException : Exception
{
    /// <summary>Creates the error.</summary>
    public OutputException(string message, Exception? inner = null)
        : base(OneLine.Of(message), inner)
    {
    }
}
