using System.Net;
using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>The TCP port of a rank's watch.</summary>
internal sealed class WatchListener : IDisposable
{
    private const int Backlog = 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket socket;
    private volatile bool isClosed;

    private WatchListener(Socket socket, WatchAddress address) => (this.socket, Address) = (socket, address);

    /// <summary>Where it listens.</summary>
    public WatchAddress Address { get; }

    /// <summary>Opens a port that is free.</summary>
    /// <param name="onlyThisHost">Whether no other machine need reach it.</param>
    /// <exception cref="SocketException">There is none to be had.</exception>
    public static WatchListener Open(bool onlyThisHost)
    {
        bool isDual = !onlyThisHost && Socket.OSSupportsIPv6;
        Socket socket = new(isDual ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (isDual)
            {
                socket.DualMode = true;
            }

            socket.Bind(new IPEndPoint(onlyThisHost ? IPAddress.Loopback : isDual ? IPAddress.IPv6Any : IPAddress.Any, 0));
            socket.Listen(Backlog);
            int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            return new WatchListener(socket, new WatchAddress(port, onlyThisHost ? [] : WatchAddress.OfThisHost()));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Begins to accept: each caller gets a thread, which waits for a stranger without keeping the others.</summary>
    public void Start(Action<Socket> onCall) => Blocking.Start("rank watch port", () => Accept(onCall));

    /// <inheritdoc/>
    public void Dispose()
    {
        isClosed = true;
        socket.Dispose();
    }

    private void Accept(Action<Socket> onCall)
    {
        while (!isClosed)
        {
            try
            {
                Socket caller = socket.Accept();
                caller.NoDelay = true;
                Blocking.Start("rank watch", () => onCall(caller));
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // It was closed; or the caller is gone; or this process may have no more handles for now.
                Thread.Sleep(Pause);
            }
        }
    }
}
