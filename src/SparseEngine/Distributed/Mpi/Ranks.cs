namespace SparseEngine.Distributed.Mpi;

/// <summary>Brings together the processes that a launcher of MPI has started.</summary>
public static class Ranks
{
    /// <summary>What processes that were started at once may lie apart, however short a silence is allowed later.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    /// <summary>Joins the others; without a launcher, or where it has started one process, this one is alone, and no library is loaded.</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>All of them. A process joins once.</returns>
    /// <exception cref="CommunicationException">There is no MPI library, it is another launcher's, or not all have started it in time.</exception>
    public static Communicator Join(JoinOptions? options = null)
    {
        options ??= new JoinOptions();
        return Launcher.Detect() is { Size: > 1 } launcher ? Join(launcher, options) : Communicator.Alone;
    }

    /// <summary>Ends the process at once, without taking leave of the others: after <see cref="Communicator.Fail"/>.</summary>
    /// <remarks>An ordinary end would run what the MPI library does at one, while its thread is in the middle of something.</remarks>
    public static void Abandon(int exitCode) => ProcessEnd.Exit(exitCode);

    private static MpiCommunicator Join(Launcher launcher, JoinOptions options)
    {
        string started = FormattableString.Invariant($"{launcher.Name} started {launcher.Size} processes");
        MpiLibrary library;
        MpiThread thread;
        try
        {
            library = MpiLibrary.Find(launcher);
            thread = MpiThread.Start(library, options.Timeout > StartPatience ? options.Timeout : StartPatience);
        }
        catch (CommunicationException error)
        {
            throw new CommunicationException($"{started}, but {error.Message}", error);
        }

        if (thread.Size != launcher.Size)
        {
            thread.Dispose();
            throw new CommunicationException(
                FormattableString.Invariant($"{started}, but {library} finds {thread.Size}: it goes with another launcher; ")
                + $"valid: the path of {launcher.Name}'s own library in {MpiLibrary.Variable}");
        }

        MpiCommunicator ranks = new(library.Version, thread);
        ranks.Watch(options, launcher.KillsOthers);
        return ranks;
    }
}
