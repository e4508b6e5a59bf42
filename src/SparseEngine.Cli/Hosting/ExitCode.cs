namespace SparseEngine.Cli.Hosting;

/// <summary>How the program ended, for the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The run failed.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage or configuration: nothing was started.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by SIGHUP, as the terminal went away: 128 + 1, as shells report it.</summary>
    public const int HungUp = 129;

    /// <summary>Stopped by SIGINT (Ctrl-C): 128 + 2.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM: 128 + 15.</summary>
    public const int Terminated = 143;
}
