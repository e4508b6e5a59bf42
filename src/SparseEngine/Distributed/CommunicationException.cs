namespace SparseEngine.Distributed;

/// <summary>The ranks of a run cannot be brought together, or what carries their messages failed: one line.</summary>
public class CommunicationException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and what would be valid.</param>
    /// <param name="cause">What was thrown, if anything was.</param>
    public CommunicationException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
