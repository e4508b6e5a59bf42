namespace SparseEngine.Distributed.Mpi;

/// <summary>The one thread that calls MPI, from its start to its end. Others hand it operations, and it brings them forward.</summary>
internal sealed class MpiThread : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly MpiLibrary library;
    private readonly object gate = new();
    private readonly Queue<IMpiOperation> asked = new();
    private readonly List<IMpiOperation> underWay = [];
    private readonly Pace pace = new();
    private readonly ManualResetEventSlim opened = new();
    private readonly Thread thread;
    private MpiWorld? world;
    private CommunicationException? failure;
    private bool isEnding;

    private MpiThread(MpiLibrary library)
    {
        this.library = library;
        thread = new Thread(Serve) { Name = "ranks", IsBackground = true };
    }

    /// <summary>This process's number.</summary>
    public int Rank { get; private set; }

    /// <summary>The number of processes.</summary>
    public int Size { get; private set; }

    /// <summary>Starts MPI, with all ranks that the launcher knows.</summary>
    /// <param name="library">The library.</param>
    /// <param name="timeout">In which all of them start it.</param>
    /// <exception cref="CommunicationException">MPI does not start, or not in time.</exception>
    public static MpiThread Start(MpiLibrary library, TimeSpan timeout)
    {
        MpiThread started = new(library);
        started.thread.Start();
        if (!started.opened.Wait(timeout))
        {
            // MPI itself would wait for ever.
            throw new CommunicationException(FormattableString.Invariant(
                $"not all of them have come within {timeout.TotalSeconds:G4} s: one has ended or is stopped, or its host is down (--rank_timeout)"));
        }

        (started.Rank, started.Size) = started.world is { } world ? (world.Rank, world.Size) : throw started.failure!;
        return started;
    }

    /// <summary>Begins an operation, after all that were asked for before.</summary>
    /// <exception cref="CommunicationException">MPI has failed.</exception>
    public void Begin(IMpiOperation operation)
    {
        lock (gate)
        {
            ThrowIfFailed();
            ObjectDisposedException.ThrowIf(isEnding, this);
            asked.Enqueue(operation);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Waits for an operation.</summary>
    public void Wait(ManualResetEventSlim done)
    {
        if (!done.IsSet)
        {
            pace.Enter();
            done.Wait();
            pace.Leave();
        }
    }

    /// <summary>Ends MPI, when all that was asked for is done. Never waits for long: the others may have ended otherwise.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isEnding = true;
            Monitor.Pulse(gate);
        }

        thread.Join(Patience);
        opened.Dispose();
    }

    private void Serve()
    {
        try
        {
            world = MpiWorld.Open(library);
            opened.Set();
            while (Take())
            {
                pace.Rest(hasMoved: Advance(world));
            }

            MpiWorld.Close();
        }
        catch (Exception error)
        {
            Fail(error as CommunicationException ?? new CommunicationException($"{library.Version} failed: {error.Message}", error));
            opened.Set();
        }
    }

    /// <summary>Begins what was asked for.</summary>
    /// <returns>Whether there is anything to do.</returns>
    private bool Take()
    {
        int begun = underWay.Count;
        lock (gate)
        {
            while (asked.Count + underWay.Count == 0 && !isEnding)
            {
                Monitor.Wait(gate);
            }

            while (asked.TryDequeue(out IMpiOperation? operation))
            {
                underWay.Add(operation);
            }
        }

        for (; begun < underWay.Count; begun++)
        {
            underWay[begun].Begin(world!);
        }

        return underWay.Count > 0;
    }

    /// <summary>Brings forward what is under way, and completes it in the order in which it was begun.</summary>
    /// <returns>Whether something was completed.</returns>
    private bool Advance(MpiWorld world)
    {
        foreach (IMpiOperation operation in underWay)
        {
            if (!operation.Advance(world))
            {
                break;
            }
        }

        int done = underWay.FindIndex(operation => !operation.IsDone) is >= 0 and int first ? first : underWay.Count;
        for (int i = 0; i < done; i++)
        {
            underWay[i].Complete(failure: null);
        }

        underWay.RemoveRange(0, done);
        return done > 0;
    }

    private void Fail(CommunicationException error)
    {
        lock (gate)
        {
            failure = error;

            // What is under way stays referred to: MPI may yet write into its memory.
            foreach (IMpiOperation operation in underWay.Concat(asked))
            {
                operation.Complete(error);
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw new CommunicationException(failure.Message, failure);
        }
    }
}
