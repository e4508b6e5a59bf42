using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>The watch of rank 0, which all others are connected to.</summary>
internal sealed class FirstRankWatch : RankWatch
{
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(30);

    /// <summary>How long a rank that is lost may take to be noticed: MPI may fail in the others before.</summary>
    private static readonly TimeSpan CausePatience = TimeSpan.FromSeconds(0.3);

    /// <summary>How long rank 0 may take to meet the same failure itself: what all have is told as one process tells it.</summary>
    private static readonly TimeSpan OwnPatience = TimeSpan.FromSeconds(0.6);
    private static readonly TimeSpan OwnConfigurationPatience = TimeSpan.FromSeconds(1);
    private const int WrongConfiguration = 2;

    private readonly WatchConnection?[] connections;
    private readonly CountdownEvent joining;
    private readonly CountdownEvent reading = new(1);
    private int beatsOfJoining;

    public FirstRankWatch(WatchTerms terms)
        : base(terms)
    {
        connections = new WatchConnection?[Places.Length];
        joining = new CountdownEvent(Places.Length - 1);
    }

    /// <inheritdoc/>
    public override bool Fail(string message, int exitCode)
    {
        if (Over.Wait(CausePatience) || !TryDecide(exitCode))
        {
            if (!IsLeaving)
            {
                WaitForEnd();
            }

            return !IsLeaving;
        }

        DismissWitness();
        Spread(new RankFailure(Places[Rank], message, exitCode, IsToldHere: true));
        return false;
    }

    private protected override string Connect()
    {
        Listener.Start(Welcome);
        StartBeats();
        return "";
    }

    private protected override void WatchOthers()
    {
        joining.Wait(JoinPatience);
        for (int rank = 1; rank < connections.Length; rank++)
        {
            int watched = rank;
            WatchLife(rank, () => Lose(watched, Gone, exitCode: 1));
        }
    }

    private protected override void BeatOnce(int mostSilentBeats)
    {
        beatsOfJoining++;
        for (int rank = 1; rank < connections.Length; rank++)
        {
            WatchConnection? connection = Volatile.Read(ref connections[rank]);
            if (connection is null)
            {
                WaitForJoining(rank, mostSilentBeats);
            }
            else if (!connection.HasLeft && connection.CountBeat() > mostSilentBeats)
            {
                connection.GiveUp(Silence());
            }
        }
    }

    private protected override void Conclude(RankFailure failure) => Spread(failure);

    private protected override void Leave()
    {
        foreach (WatchConnection? connection in connections)
        {
            connection?.Leave();
        }

        // Each closes its end when it has read that; a connection that is closed here before could lose the words on their way.
        reading.Signal();
        reading.Wait(LeavePatience);
        foreach (WatchConnection? connection in connections)
        {
            connection?.Dispose();
        }
    }

    /// <summary>The life of a caller's thread.</summary>
    private void Welcome(Socket caller)
    {
        if (Greeting.Answer(caller) is not { Purpose: WatchPurpose.Join, Rank: int rank }
            || rank <= 0
            || rank >= connections.Length
            || !reading.TryAddCount())
        {
            caller.Dispose();
            return;
        }

        WatchConnection connection = new(caller);
        if (Interlocked.CompareExchange(ref connections[rank], connection, null) is null)
        {
            joining.Signal();
            Read(rank, connection);
        }

        connection.Dispose();
        reading.Signal();
    }

    private void Read(int rank, WatchConnection connection)
    {
        WatchMessage? message = connection.Receive(out SocketError error);
        if (message is { Kind: WatchMessageKind.Leaving })
        {
            return;
        }

        if (message is { Kind: WatchMessageKind.Failure } failure)
        {
            Over.Wait(failure.ExitCode == WrongConfiguration ? OwnConfigurationPatience : OwnPatience);
            Lose(rank, failure.Cause, failure.ExitCode);
            connection.WaitForEnd(JoinPatience);
            return;
        }

        Lose(rank, Cause(connection, error), exitCode: 1);
    }

    private void Lose(int rank, string cause, int exitCode)
    {
        if (TryDecide(exitCode))
        {
            EndRun(new RankFailure(Places[rank], cause, exitCode, IsToldHere: true));
        }
    }

    private void WaitForJoining(int rank, int mostSilentBeats)
    {
        if (beatsOfJoining > mostSilentBeats && beatsOfJoining * (Timeout / mostSilentBeats) > JoinPatience)
        {
            Lose(rank, FormattableString.Invariant($"it has not joined the others within {JoinPatience.TotalSeconds:0} s"), exitCode: 1);
        }
    }

    private void Spread(RankFailure failure)
    {
        byte[] message = new WatchMessage(WatchMessageKind.Failure, failure.Place.Rank, failure.ExitCode, failure.Cause).Encode();
        foreach (WatchConnection? connection in connections)
        {
            connection?.Send(message);
        }

        WithdrawLife();
    }
}
