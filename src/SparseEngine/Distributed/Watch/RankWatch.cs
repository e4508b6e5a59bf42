using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace SparseEngine.Distributed.Watch;

/// <summary>What a watch is made of.</summary>
/// <param name="Ranks">The ranks.</param>
/// <param name="Addresses">Where their watches listen.</param>
/// <param name="Timeout">How long a rank may be silent.</param>
/// <param name="OnFailure">Called once when the run is over.</param>
/// <param name="End">Ends the process.</param>
/// <param name="Life">By which those of its machine see that it lives.</param>
/// <param name="Listener">Where it listens.</param>
/// <param name="Greeting">How the ranks know one another.</param>
/// <param name="Witness">Who tells of a rank that is lost with all others; null for nobody.</param>
internal sealed record WatchTerms(
    Communicator Ranks, ImmutableArray<WatchAddress> Addresses, TimeSpan Timeout, Action<RankFailure> OnFailure, Action<int> End, LifeSign Life,
    WatchListener Listener, WatchGreeting Greeting, WitnessConnection? Witness);

/// <summary>
/// Notices over connections of its own, beside those of MPI, when a rank is lost: MPI itself would wait for it for ever. The ranks of a run end
/// together then, and one of them says why.
/// </summary>
/// <remarks>
/// All are connected to rank 0. A connection that closes is a process that is gone, and one that is silent for too long a process that is stopped or
/// that cannot be reached. Rank 0 tells the user and the other ranks; where it is rank 0 that is lost, the lowest rank that is left tells the user.
/// </remarks>
internal abstract class RankWatch : IDisposable
{
    private const int BeatsInTimeout = 5;
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a process may take to end of itself once the run is over.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>What a process that is gone is told with.</summary>
    internal const string Gone = "its process is gone (killed, or its host failed)";

    /// <summary>How long those whom this rank leaves may take to notice.</summary>
    private protected static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(1);

    private readonly WatchTerms terms;
    private readonly TimeSpan interval;
    private readonly ManualResetEventSlim stopBeats = new();
    private readonly ManualResetEventSlim ended = new();
    private int isDecided;
    private int exitCode;
    private int beatsAfterwards;

    private protected RankWatch(WatchTerms terms)
    {
        this.terms = terms;
        Places = terms.Ranks.Places;
        Rank = terms.Ranks.Rank;
        TimeSpan fifth = terms.Timeout / BeatsInTimeout;
        interval = fifth < LongestInterval ? fifth : LongestInterval;
    }

    /// <summary>Where the ranks run.</summary>
    protected ImmutableArray<RankPlace> Places { get; }

    /// <summary>This process's number.</summary>
    protected int Rank { get; }

    /// <summary>Where the ranks' watches listen.</summary>
    private protected ImmutableArray<WatchAddress> Addresses => terms.Addresses;

    /// <summary>Where this one does.</summary>
    private protected WatchListener Listener => terms.Listener;

    /// <summary>How the ranks know one another.</summary>
    private protected WatchGreeting Greeting => terms.Greeting;

    /// <summary>How long a rank may be silent.</summary>
    protected TimeSpan Timeout => terms.Timeout;

    /// <summary>Set once the run is over: why is known, and nothing that comes later is told.</summary>
    protected ManualResetEventSlim Over { get; } = new();

    /// <summary>Whether this rank has taken leave.</summary>
    protected bool IsLeaving { get; private set; }

    /// <summary>Connects the ranks of a run. All call it.</summary>
    /// <param name="exchange">The ranks; it carries a few messages until this returns.</param>
    /// <param name="timeout">How long a rank may be silent until it counts as lost.</param>
    /// <param name="onFailure">Called once, on a thread of the watch, when the run is over; it tells the user, and returns.</param>
    /// <param name="witness">A program that is the ranks' <see cref="RankWitness"/>, given its arguments; null for none.</param>
    /// <param name="end">Ends the process, once the other ranks know; by itself, the process ends at once.</param>
    /// <exception cref="CommunicationException">They cannot reach one another; in all of them.</exception>
    public static RankWatch Start(
        Communicator exchange, TimeSpan timeout, Action<RankFailure> onFailure, Func<IReadOnlyList<string>, ProcessStartInfo>? witness = null,
        Action<int>? end = null)
    {
        WatchListener? listener = null;
        RankWatch? watch = null;
        WitnessConnection? connection = null;
        LifeSign life = LifeSign.Show();
        try
        {
            Prepare();
            Agree(exchange, Open(exchange, out listener));
            WatchAddress own = listener!.Address with { LifeSign = life.Name };
            ImmutableArray<WatchAddress> addresses = [.. exchange.Gather(own.Encode()).Select(address => WatchAddress.Decode(address))];
            WatchGreeting greeting = new(exchange.Broadcast(RandomNumberGenerator.GetBytes(WatchGreeting.SecretLength)));
            connection = WitnessConnection.Open(exchange, witness);
            WatchTerms terms = new(exchange, addresses, timeout, onFailure, end ?? ProcessEnd.Exit, life, listener, greeting, connection);
            watch = exchange.IsFirst ? new FirstRankWatch(terms) : new OtherRankWatch(terms);
            Agree(exchange, watch.Connect());
            watch.WatchOthers();
            return watch;
        }
        catch
        {
            watch?.Dispose();
            listener?.Dispose();
            life.Dispose();
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Says that this rank cannot go on (see <see cref="Communicator.Fail"/>).</summary>
    public abstract bool Fail(string message, int exitCode);

    /// <summary>Prepares to take leave, before all ranks are known to: rank 0 does it for all.</summary>
    public void ExpectLeaves()
    {
        if (Rank == 0)
        {
            DismissWitness();
        }
    }

    /// <summary>Takes leave: this rank's end is no fault from here on. Ranks may do so at any distance in time.</summary>
    public void Dispose()
    {
        // When a run is over, the end of rank 0's process, with its connections, is what the others wait for; and nobody's own end may be kept.
        if (!IsLeaving && !Over.IsSet)
        {
            IsLeaving = true;
            stopBeats.Set();
            terms.Life.Dispose();
            Listener.Dispose();
            Leave();
            terms.Witness?.Dispose();
        }
    }

    /// <summary>Joins the others.</summary>
    /// <returns>What is in the way; empty where nothing is.</returns>
    private protected abstract string Connect();

    /// <summary>Begins, all having joined, to look for those that are killed.</summary>
    private protected abstract void WatchOthers();

    /// <summary>Says that this rank is there, and looks who has been silent for more than so many beats.</summary>
    private protected abstract void BeatOnce(int mostSilentBeats);

    /// <summary>What is left to do for other ranks after a failure was told here or elsewhere.</summary>
    private protected abstract void Conclude(RankFailure failure);

    /// <summary>Closes all connections, so that the other ends know that nothing is wrong.</summary>
    private protected abstract void Leave();

    /// <summary>Looks for the death of a rank that runs on this machine too; the closed connection tells of others.</summary>
    private protected void WatchLife(int rank, Action onDeath)
    {
        if (Places[rank].Host == Places[Rank].Host)
        {
            LifeSign.Watch(Addresses[rank].LifeSign, onDeath);
        }
    }

    /// <summary>Makes this process's end no failure, when the others have been told why the run is over.</summary>
    private protected void WithdrawLife() => terms.Life.Dispose();

    /// <summary>Makes the ends of ranks nothing that the witness tells of: something else is, or nothing.</summary>
    private protected void DismissWitness() => terms.Witness?.Dismiss();

    /// <summary>Begins to say that this rank is there.</summary>
    private protected void StartBeats() => Blocking.Start("rank watch beats", Beat);

    /// <summary>Claims what is about to be told: one thing ends a run.</summary>
    /// <returns>Whether nothing has ended it before.</returns>
    private protected bool TryDecide(int code)
    {
        if (IsLeaving || Interlocked.CompareExchange(ref isDecided, 1, 0) != 0)
        {
            return false;
        }

        Volatile.Write(ref exitCode, code);
        Over.Set();
        return true;
    }

    /// <summary>Ends the run in this process, after <see cref="TryDecide"/>.</summary>
    private protected void EndRun(RankFailure failure)
    {
        try
        {
            bool isWitnessed = failure.Cause == Gone && terms.Witness is { IsThere: true };
            if (failure.IsToldHere && !isWitnessed)
            {
                DismissWitness();
            }

            terms.OnFailure(isWitnessed ? failure with { IsToldHere = false } : failure);
            if (isWitnessed)
            {
                terms.Witness!.WaitUntilTold();
            }
        }
        catch
        {
            // What fails on the way to the end must not keep this process from it.
        }

        Conclude(failure);
        EndProcess();
    }

    /// <summary>Waits for the end of the process, which another thread brings about.</summary>
    private protected void WaitForEnd() => ended.Wait(2 * EndPatience);

    /// <summary>What a closed connection says of a rank.</summary>
    private protected static string Cause(WatchConnection connection, SocketError error) => connection.GivenUp ?? error switch
    {
        SocketError.Success or SocketError.ConnectionReset or SocketError.OperationAborted => Gone,
        _ => $"it cannot be reached any more ({new SocketException((int)error).Message})",
    };

    /// <summary>What the silence of a rank says of it.</summary>
    private protected string Silence() => FormattableString.Invariant(
        $"nothing was heard of it for {Timeout.TotalSeconds:0.###} s: its process is stopped, or its host or network is down (--rank_timeout)");

    private static string Open(Communicator exchange, out WatchListener? listener)
    {
        try
        {
            listener = WatchListener.Open(onlyThisHost: exchange.Places.All(place => place.Host == exchange.Place.Host));
            return "";
        }
        catch (SocketException error)
        {
            listener = null;
            return $"{exchange.Place} cannot open a TCP port, over which ranks watch one another: {error.Message}";
        }
    }

    /// <summary>Goes on where no rank has a problem.</summary>
    private static void Agree(Communicator exchange, string problem)
    {
        string? first = exchange.Gather(Encoding.UTF8.GetBytes(problem)).Select(Encoding.UTF8.GetString).FirstOrDefault(text => text.Length > 0);
        if (first is not null)
        {
            throw new CommunicationException(first);
        }
    }

    /// <summary>
    /// Compiles all that a lost rank needs: a launcher kills the others within a millisecond, and methods that are called for the first time take
    /// longer.
    /// </summary>
    private static void Prepare()
    {
        const BindingFlags All =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        Type[] types =
        [
            typeof(RankWatch), typeof(WatchTerms), typeof(FirstRankWatch), typeof(OtherRankWatch), typeof(WatchConnection), typeof(WatchMessage),
            typeof(Blocking), typeof(RankFailure), typeof(RankPlace), typeof(LifeSign), typeof(Succession), typeof(WitnessConnection),
        ];
        IEnumerable<Type> all = types.Concat(types.SelectMany(type => type.GetNestedTypes(BindingFlags.NonPublic)));
        foreach (MethodInfo method in all.SelectMany(type => type.GetMethods(All)).Where(method => !method.IsAbstract))
        {
            RuntimeHelpers.PrepareMethod(method.MethodHandle);
        }

        _ = new RankFailure(new RankPlace(0, "", 0, 0), "", 0, IsToldHere: false).ToString();
        ProcessEnd.Prepare();
    }

    private void Beat()
    {
        int mostSilentBeats = (int)Math.Ceiling(Timeout / interval);
        while (!stopBeats.Wait(interval))
        {
            if (!Over.IsSet)
            {
                BeatOnce(mostSilentBeats);
            }
            else if (++beatsAfterwards * interval > EndPatience)
            {
                EndProcess();
                return;
            }
        }
    }

    private void EndProcess()
    {
        terms.End(Volatile.Read(ref exitCode));
        ended.Set();
    }
}
