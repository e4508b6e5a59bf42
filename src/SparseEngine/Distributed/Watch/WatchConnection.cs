using System.Buffers.Binary;
using System.Net.Sockets;

namespace SparseEngine.Distributed.Watch;

/// <summary>The connection of two watches as one end has it. One thread reads; whoever has something to say writes.</summary>
internal sealed class WatchConnection : IDisposable
{
    private const int SendMilliseconds = 1000;
    private static readonly byte[] Beat = new WatchMessage(WatchMessageKind.Beat).Encode();
    private static readonly byte[] Leaving = new WatchMessage(WatchMessageKind.Leaving).Encode();

    private readonly Lock sending = new();
    private readonly Socket socket;
    private volatile bool hasLeft;
    private volatile string? givenUp;
    private int silentBeats;

    /// <param name="socket">Connected, and greeted over.</param>
    public WatchConnection(Socket socket)
    {
        this.socket = socket;
        socket.SendTimeout = SendMilliseconds;
        socket.ReceiveTimeout = 0;
    }

    /// <summary>Whether the other end has said that it goes.</summary>
    public bool HasLeft => hasLeft;

    /// <summary>Why this end gave up; null where it did not.</summary>
    public string? GivenUp => givenUp;

    /// <summary>Says that this process is there.</summary>
    /// <returns>How many such beats the other end has been silent for.</returns>
    /// <remarks>
    /// Beats and not seconds: a process that was stopped for an hour, and finds an hour gone on every clock, has counted one beat.
    /// </remarks>
    public int CountBeat()
    {
        Send(Beat);
        return Interlocked.Increment(ref silentBeats);
    }

    /// <summary>Sends a message. Where that fails the reading thread meets the reason.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        lock (sending)
        {
            Blocking.Send(socket, message);
        }
    }

    /// <summary>Waits for the next message that is not a beat.</summary>
    /// <param name="error">Where there is none, why the connection has ended; success where the other end has closed it.</param>
    /// <returns>The message; null at the end.</returns>
    public WatchMessage? Receive(out SocketError error)
    {
        Span<byte> header = stackalloc byte[WatchMessage.HeaderLength];
        while (Blocking.Receive(socket, header, out error))
        {
            Volatile.Write(ref silentBeats, 0);
            int length = BinaryPrimitives.ReadInt32LittleEndian(header[1..]);
            if (length is < 0 or > WatchMessage.MaximumLength)
            {
                break;
            }

            byte[] rest = length == 0 ? [] : new byte[length];
            if (!Blocking.Receive(socket, rest, out error))
            {
                break;
            }

            WatchMessage message = WatchMessage.Decode((WatchMessageKind)header[0], rest);
            hasLeft |= message.Kind == WatchMessageKind.Leaving;
            if (message.Kind != WatchMessageKind.Beat)
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>Waits until the other end has closed it, with its process at the latest.</summary>
    public void WaitForEnd(TimeSpan patience)
    {
        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        Span<byte> dropped = stackalloc byte[WatchMessage.HeaderLength];
        for (long left; (left = until - Environment.TickCount64) > 0;)
        {
            socket.ReceiveTimeout = (int)left;
            if (!Blocking.Receive(socket, dropped, out _))
            {
                return;
            }
        }
    }

    /// <summary>Takes leave: nothing more is said from this end, and the reading thread goes on until the other has closed it.</summary>
    public void Leave()
    {
        Send(Leaving);
        ShutDown(SocketShutdown.Send);
    }

    /// <summary>
    /// Makes the reading thread find it closed, and why. What is sent may still arrive: a process that was stopped learns then what it missed.
    /// </summary>
    public void GiveUp(string reason)
    {
        givenUp = reason;
        ShutDown(SocketShutdown.Receive);
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private void ShutDown(SocketShutdown direction)
    {
        try
        {
            socket.Shutdown(direction);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is closed.
        }
    }
}
