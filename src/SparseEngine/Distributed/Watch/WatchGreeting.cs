using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace SparseEngine.Distributed.Watch;

/// <summary>What a caller wants of a watch.</summary>
internal enum WatchPurpose : byte
{
    /// <summary>To be watched by it, and to watch it.</summary>
    Join = 1,

    /// <summary>To learn whether it is alive, now that rank 0 is not.</summary>
    Ask = 2,
}

/// <summary>
/// How two ranks of one run know each other: each shows one half of random bytes that only they have. Whoever else finds the port, or is found at the
/// address that a rank tried, is a stranger.
/// </summary>
/// <param name="secret">The bytes, <see cref="SecretLength"/> of them.</param>
internal sealed class WatchGreeting(byte[] secret)
{
    /// <summary>The length of the secret.</summary>
    public const int SecretLength = 2 * HalfLength;

    private const int HalfLength = 16;
    private const int CallLength = HalfLength + sizeof(byte) + sizeof(int);
    private static readonly TimeSpan StrangersPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RanksPatience = TimeSpan.FromSeconds(30);

    /// <summary>Greets as the caller.</summary>
    /// <returns>Whether a rank of this run has answered.</returns>
    public bool Call(Socket socket, WatchPurpose purpose, int rank, TimeSpan patience)
    {
        Span<byte> call = stackalloc byte[CallLength];
        secret.AsSpan(0, HalfLength).CopyTo(call);
        call[HalfLength] = (byte)purpose;
        BinaryPrimitives.WriteInt32LittleEndian(call[(HalfLength + 1)..], rank);
        Blocking.Send(socket, call);
        socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        Span<byte> answer = stackalloc byte[HalfLength];
        bool isRank = Blocking.Receive(socket, answer, out _) && CryptographicOperations.FixedTimeEquals(answer, secret.AsSpan(HalfLength));
        if (isRank)
        {
            // The other end counts on this one from here on, and not before this one counts on it.
            Blocking.Send(socket, [0]);
        }

        return isRank;
    }

    /// <summary>Greets as the one that was called.</summary>
    /// <returns>What the caller wants and its rank; null where it is a stranger.</returns>
    public (WatchPurpose Purpose, int Rank)? Answer(Socket socket)
    {
        socket.ReceiveTimeout = (int)StrangersPatience.TotalMilliseconds;
        Span<byte> call = stackalloc byte[CallLength];
        if (!Blocking.Receive(socket, call, out _) || !CryptographicOperations.FixedTimeEquals(call[..HalfLength], secret.AsSpan(0, HalfLength)))
        {
            return null;
        }

        Blocking.Send(socket, secret.AsSpan(HalfLength));
        socket.ReceiveTimeout = (int)RanksPatience.TotalMilliseconds;
        Span<byte> confirmation = stackalloc byte[1];
        return Blocking.Receive(socket, confirmation, out _)
            ? ((WatchPurpose)call[HalfLength], BinaryPrimitives.ReadInt32LittleEndian(call[(HalfLength + 1)..]))
            : null;
    }
}
