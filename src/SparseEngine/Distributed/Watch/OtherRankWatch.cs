using System.Net;
using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>The watch of a rank other than 0, which is connected to that one.</summary>
internal sealed class OtherRankWatch : RankWatch
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan AddressPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long rank 0 may take to tell of a failure, a second of which it may wait for its own.</summary>
    private static readonly TimeSpan TellPatience = TimeSpan.FromSeconds(4);

    /// <summary>How long rank 0, once it has told, may take to end: whoever ends before it makes the launcher kill it.</summary>
    private static readonly TimeSpan FirstEndPatience = TimeSpan.FromSeconds(3);

    private readonly Succession succession;
    private WatchConnection? connection;
    private Thread? reader;

    public OtherRankWatch(WatchTerms terms)
        : base(terms)
    {
        succession = new Succession(Rank, Places, Addresses, Greeting);
    }

    private RankPlace First => Places[0];

    /// <inheritdoc/>
    public override bool Fail(string message, int exitCode)
    {
        if (IsLeaving || connection!.HasLeft)
        {
            return false;
        }

        connection.Send(new WatchMessage(WatchMessageKind.Failure, Rank, exitCode, message).Encode());
        if (!Over.Wait(TellPatience) && TryDecide(exitCode))
        {
            DismissWitness();
            return false;
        }

        WaitForEnd();
        return true;
    }

    private protected override string Connect()
    {
        Listener.Start(succession.Answer);
        IPEndPoint[] targets = [.. Addresses[0].EndPoints(First.Host == Places[Rank].Host)];
        List<string> failures = [];
        bool mayHelp = true;
        for (long until = Environment.TickCount64 + (long)ConnectPatience.TotalMilliseconds; mayHelp && Environment.TickCount64 < until;)
        {
            failures.Clear();
            mayHelp = false;
            foreach (IPEndPoint target in targets)
            {
                if (Connect(target, out string failure, out bool isTransient) is { } connected)
                {
                    connection = new WatchConnection(connected);
                    reader = Blocking.Start("rank watch", Read);
                    StartBeats();
                    return "";
                }

                failures.Add(failure);
                mayHelp |= isTransient;
            }
        }

        return $"{Places[Rank]} cannot reach rank 0 on host {First.Host} over TCP, by which ranks watch one another; tried: "
            + (failures.Count == 0 ? "nothing, since that host has no address" : string.Join(", ", failures));
    }

    private protected override void WatchOthers()
    {
        // The lowest that is left tells, and rank 0 alone looks for the others.
        if (Rank == 1)
        {
            WatchLife(rank: 0, () => LoseFirst(Gone));
        }
    }

    private protected override void BeatOnce(int mostSilentBeats)
    {
        if (!connection!.HasLeft && connection.CountBeat() > mostSilentBeats)
        {
            connection.GiveUp(Silence());
        }
    }

    private protected override void Conclude(RankFailure failure)
    {
        if (failure.IsToldHere)
        {
            succession.Linger();
        }
        else if (connection!.GivenUp is null)
        {
            connection.WaitForEnd(FirstEndPatience);
        }
    }

    private protected override void Leave()
    {
        if (connection is not null)
        {
            connection.Leave();
            reader!.Join(LeavePatience);
            connection.Dispose();
        }
    }

    /// <summary>Tries an address. Rank 0 listens already: whoever refuses is not rank 0, but packets may be lost.</summary>
    private Socket? Connect(IPEndPoint target, out string failure, out bool isTransient)
    {
        Socket? socket = Blocking.Connect(target, AddressPatience, out SocketError error);
        isTransient = error is not (SocketError.Success or SocketError.ConnectionRefused);
        if (socket is null)
        {
            failure = $"{target} ({new SocketException((int)error).Message})";
            return null;
        }

        failure = "";
        if (!Greeting.Call(socket, WatchPurpose.Join, Rank, AnswerPatience))
        {
            failure = $"{target} (another program answers)";
            socket.Dispose();
            return null;
        }

        return socket;
    }

    private void Read()
    {
        WatchMessage? message = connection!.Receive(out SocketError error);
        if (message is { Kind: WatchMessageKind.Leaving })
        {
            connection.Dispose();
        }
        else if (message is { Kind: WatchMessageKind.Failure } failure)
        {
            if (TryDecide(failure.ExitCode))
            {
                RankPlace place = Places[Math.Clamp(failure.Rank, 0, Places.Length - 1)];
                EndRun(new RankFailure(place, failure.Cause, failure.ExitCode, IsToldHere: false));
            }
        }
        else
        {
            LoseFirst(Cause(connection, error));
        }
    }

    private void LoseFirst(string cause)
    {
        if (TryDecide(code: 1))
        {
            EndRun(new RankFailure(First, cause, ExitCode: 1, IsToldHere: succession.IsLowestLeft()));
        }
    }
}
