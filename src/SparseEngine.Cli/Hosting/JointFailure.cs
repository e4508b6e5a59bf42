namespace SparseEngine.Cli.Hosting;

/// <summary>What kept one rank, and so all of them, from beginning: all know of it, and end in order.</summary>
internal sealed class JointFailure(string message, int exitCode, Exception? cause) : Exception(message, cause)
{
    /// <summary>What all ranks end with.</summary>
    public int ExitCode { get; } = exitCode;
}
