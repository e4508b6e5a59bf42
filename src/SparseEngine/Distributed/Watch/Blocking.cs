using System.Net;
using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>
/// Sockets whose calls wait in the kernel, so that a thread runs again as soon as it has something to do, with no other in between. (A socket that
/// has once been asynchronous is served by a thread of the runtime ever after.)
/// </summary>
internal static class Blocking
{
    private const int StackBytes = 512 << 10;

    /// <summary>Connects.</summary>
    /// <returns>The socket; null where nobody answers in time.</returns>
    public static Socket? Connect(IPEndPoint target, TimeSpan patience, out SocketError error)
    {
        Socket socket = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Linux limits the connecting by it too.
            socket.SendTimeout = (int)patience.TotalMilliseconds;
            socket.Connect(target);
            error = SocketError.Success;
            return socket;
        }
        catch (SocketException failure)
        {
            error = failure.SocketErrorCode;
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Sends all of a span, or as much as can be.</summary>
    public static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                int count = socket.Send(bytes, SocketFlags.None, out SocketError error);
                if (count <= 0 || error != SocketError.Success)
                {
                    return;
                }

                bytes = bytes[count..];
            }
        }
        catch (ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    }

    /// <summary>Fills a span.</summary>
    /// <returns>Whether it is full; else the connection has ended, or the socket's patience.</returns>
    public static bool Receive(Socket socket, Span<byte> bytes, out SocketError error)
    {
        error = SocketError.Success;
        try
        {
            while (bytes.Length > 0)
            {
                int count = socket.Receive(bytes, SocketFlags.None, out error);
                if (count <= 0 || error != SocketError.Success)
                {
                    return false;
                }

                bytes = bytes[count..];
            }

            return true;
        }
        catch (ObjectDisposedException)
        {
            error = SocketError.OperationAborted;
            return false;
        }
    }

    /// <summary>Starts a thread that waits for most of its life.</summary>
    public static Thread Start(string name, Action body)
    {
        Thread thread = new(() => body(), StackBytes) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }
}
