using System.Net;
using System.Net.Sockets;
using System.Text;
using SparseEngine.Distributed;
using SparseEngine.Distributed.Watch;

namespace SparseEngine.Tests.Distributed.Watch;

/// <summary>How ranks find one another: of two, one is a watch, and the other is played by the test.</summary>
public sealed class RankWatchJoinTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Strangers_are_dropped_and_join_nothing()
    {
        Task<RankWatch> watching = Watch(0, Long, failure => Assert.Fail($"{failure}"));
        using FileRanks played = Ranks(1);
        (WatchAddress first, byte[] secret) = Exchange(played, new WatchAddress(1, []));
        WatchGreeting greeting = new(secret);
        byte[] guessed = [.. secret];
        guessed[0]++;

        using Socket silent = Call(first);
        using Socket guessing = Call(first);
        Assert.False(new WatchGreeting(guessed).Call(guessing, WatchPurpose.Join, 1, Long));
        foreach (int rank in new[] { -1, 0, 2 })
        {
            using Socket nobody = Call(first);
            greeting.Call(nobody, WatchPurpose.Join, rank, Long);
            AssertClosed(nobody);
        }

        using Socket joined = Call(first);
        Assert.True(greeting.Call(joined, WatchPurpose.Join, 1, Long));
        using WatchConnection connection = new(joined);
        connection.Send(new WatchMessage(WatchMessageKind.Beat).Encode());
        using Socket again = Call(first);
        greeting.Call(again, WatchPurpose.Join, 1, Long);
        AssertClosed(again);

        played.Gather([]);
        RankWatch watch = await watching;
        connection.Leave();
        watch.Dispose();
    }

    [Fact]
    public async Task A_rank_that_joins_later_than_ranks_may_be_silent_is_waited_for()
    {
        TaskCompletionSource<RankFailure> failed = new();
        Task<RankWatch> watching = Watch(0, Short, failed.SetResult);
        using FileRanks played = Ranks(1);
        (WatchAddress first, byte[] secret) = Exchange(played, new WatchAddress(1, []));
        await Task.Delay(2.5 * Short, TestContext.Current.CancellationToken);

        using Socket joined = Call(first);
        Assert.True(new WatchGreeting(secret).Call(joined, WatchPurpose.Join, 1, Long));
        played.Gather([]);
        await watching;

        // Being there, it says nothing.
        RankFailure failure = await failed.Task;
        Assert.Equal(
            "rank 1 on host a: nothing was heard of it for 1 s: its process is stopped, or its host or network is down (--rank_timeout)",
            failure.ToString());
    }

    [Fact]
    public async Task Where_rank_0_cannot_be_reached_all_ranks_say_so_in_the_same_line()
    {
        using TcpListener closed = new(IPAddress.Loopback, 0);
        closed.Start();
        int port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        Task<RankWatch> watching = Watch(1, Long, failure => Assert.Fail($"{failure}"));
        using FileRanks played = Ranks(0);
        Exchange(played, new WatchAddress(port, []));

        string told = Encoding.UTF8.GetString(played.Gather([])[1]);

        CommunicationException error = await Assert.ThrowsAsync<CommunicationException>(() => watching);
        Assert.Equal(told, error.Message);
        Assert.Equal(
            "rank 1 on host a cannot reach rank 0 on host a over TCP, by which ranks watch one another; "
            + $"tried: 127.0.0.1:{port} (Connection refused)",
            told);
    }

    [Fact]
    public async Task What_answers_in_the_place_of_rank_0_is_not_taken_for_it()
    {
        using TcpListener stranger = new(IPAddress.Loopback, 0);
        stranger.Start();
        int port = ((IPEndPoint)stranger.LocalEndpoint).Port;
        Task<RankWatch> watching = Watch(1, Long, failure => Assert.Fail($"{failure}"));
        using FileRanks played = Ranks(0);
        Exchange(played, new WatchAddress(port, []));
        using Socket caller = await stranger.AcceptSocketAsync(TestContext.Current.CancellationToken);
        caller.Send(Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));

        string told = Encoding.UTF8.GetString(played.Gather([])[1]);

        await Assert.ThrowsAsync<CommunicationException>(() => watching);
        Assert.EndsWith($"tried: 127.0.0.1:{port} (another program answers)", told, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_of_another_host_is_none_of_this_host_alone()
    {
        WatchAddress address = new(4711, [IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")]);

        WatchAddress read = WatchAddress.Decode(address.Encode());

        Assert.Equal(["192.0.2.7:4711", "[2001:db8::7]:4711"], read.EndPoints(isOfThisHost: false).Select(target => $"{target}"));
        Assert.Equal(
            ["127.0.0.1:4711", "192.0.2.7:4711", "[2001:db8::7]:4711"], read.EndPoints(isOfThisHost: true).Select(target => $"{target}"));
        Assert.DoesNotContain(WatchAddress.OfThisHost(), IPAddress.IsLoopback);
    }

    private FileRanks Ranks(int rank) => new(folder.Path, rank, ["a", "a"]);

    private Task<RankWatch> Watch(int rank, TimeSpan timeout, Action<RankFailure> onFailure) =>
        Task.Run(() => RankWatch.Start(Ranks(rank), timeout, onFailure, end: _ => { }));

    /// <summary>Takes part in what ranks say to one another before they connect.</summary>
    /// <returns>Where rank 0 listens, and the secret.</returns>
    private static (WatchAddress First, byte[] Secret) Exchange(FileRanks played, WatchAddress own)
    {
        Assert.All(played.Gather([]), Assert.Empty);
        WatchAddress first = WatchAddress.Decode(played.Gather(own.Encode())[0]);
        return (first, played.Broadcast(new byte[WatchGreeting.SecretLength]));
    }

    private static Socket Call(WatchAddress address)
    {
        Socket? socket = Blocking.Connect(address.EndPoints(isOfThisHost: true).First(), Long, out SocketError error);
        return socket ?? throw new SocketException((int)error);
    }

    private static void AssertClosed(Socket socket)
    {
        socket.ReceiveTimeout = (int)Long.TotalMilliseconds;
        Assert.False(Blocking.Receive(socket, new byte[1], out SocketError error));
        Assert.True(error is SocketError.Success or SocketError.ConnectionReset, $"{error}");
    }
}
