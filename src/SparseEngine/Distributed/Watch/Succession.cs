using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>Which rank tells the user that rank 0 is lost: the lowest that is left. Each asks those below it whether they are there.</summary>
/// <param name="rank">This rank.</param>
/// <param name="places">Where the ranks run.</param>
/// <param name="addresses">Where their watches listen.</param>
/// <param name="greeting">How they know one another.</param>
internal sealed class Succession(int rank, ImmutableArray<RankPlace> places, ImmutableArray<WatchAddress> addresses, WatchGreeting greeting)
{
    private static readonly TimeSpan AddressPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the one that tells is there for those that ask: all meet a closed connection at once, but the end of a silence a beat apart.
    /// </summary>
    private static readonly TimeSpan LingerPatience = TimeSpan.FromSeconds(2);

    private readonly object answering = new();
    private int answered;

    /// <summary>Whether none of the ranks between 0 and this one is there to tell.</summary>
    public bool IsLowestLeft()
    {
        HashSet<string> lostHosts = [];
        for (int other = 1; other < rank; other++)
        {
            if (!lostHosts.Contains(places[other].Host) && Answers(other, lostHosts))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Answers a rank that asks; a stranger learns nothing.</summary>
    public void Answer(Socket caller)
    {
        using (caller)
        {
            if (greeting.Answer(caller) is { Purpose: WatchPurpose.Ask })
            {
                lock (answering)
                {
                    answered++;
                    Monitor.PulseAll(answering);
                }
            }
        }
    }

    /// <summary>Waits until all ranks above this one have asked, had they all been left.</summary>
    public void Linger()
    {
        int others = places.Length - 1 - rank;
        long until = Environment.TickCount64 + (long)LingerPatience.TotalMilliseconds;
        lock (answering)
        {
            for (long left; answered < others && (left = until - Environment.TickCount64) > 0;)
            {
                Monitor.Wait(answering, (int)left);
            }
        }
    }

    private bool Answers(int other, HashSet<string> lostHosts)
    {
        bool isOfThisHost = places[other].Host == places[rank].Host;
        bool isHostThere = isOfThisHost;
        foreach (IPEndPoint target in addresses[other].EndPoints(isOfThisHost))
        {
            using Socket? socket = Blocking.Connect(target, AddressPatience, out SocketError error);
            if (socket is not null && greeting.Call(socket, WatchPurpose.Ask, rank, AnswerPatience))
            {
                return true;
            }

            isHostThere |= socket is not null || error == SocketError.ConnectionRefused;
        }

        if (!isHostThere)
        {
            lostHosts.Add(places[other].Host);
        }

        return false;
    }
}
