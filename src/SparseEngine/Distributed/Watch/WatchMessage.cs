using System.Buffers.Binary;
using System.Text;

namespace SparseEngine.Distributed.Watch;

/// <summary>What watches say to one another.</summary>
internal enum WatchMessageKind : byte
{
    /// <summary>I am there.</summary>
    Beat = 1,

    /// <summary>I go, and all is well.</summary>
    Leaving = 2,

    /// <summary>To rank 0: I cannot go on. From rank 0: the run ends, and why.</summary>
    Failure = 3,
}

/// <summary>A message between watches: a byte of its kind, the length of the rest, and of a failure the rank, the exit code and the cause.</summary>
internal readonly record struct WatchMessage(WatchMessageKind Kind, int Rank = 0, int ExitCode = 0, string Cause = "")
{
    /// <summary>Bytes before the rest.</summary>
    public const int HeaderLength = 1 + sizeof(int);

    /// <summary>The longest rest that is accepted, in bytes.</summary>
    public const int MaximumLength = (2 * sizeof(int)) + (MaximumCause * 4);

    // In UTF-16 units, each at most four bytes of UTF-8 (a pair of them is four).
    private const int MaximumCause = 8192;

    /// <summary>The whole message in bytes.</summary>
    public byte[] Encode()
    {
        if (Kind != WatchMessageKind.Failure)
        {
            return [(byte)Kind, 0, 0, 0, 0];
        }

        byte[] cause = Encoding.UTF8.GetBytes(Cause.Length > MaximumCause ? Cause[..MaximumCause] : Cause);
        byte[] message = new byte[HeaderLength + (2 * sizeof(int)) + cause.Length];
        message[0] = (byte)Kind;
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(1), message.Length - HeaderLength);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(HeaderLength), Rank);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(HeaderLength + sizeof(int)), ExitCode);
        cause.CopyTo(message, HeaderLength + (2 * sizeof(int)));
        return message;
    }

    /// <summary>Reads what follows a header.</summary>
    public static WatchMessage Decode(WatchMessageKind kind, ReadOnlySpan<byte> rest) => rest.Length < 2 * sizeof(int)
        ? new WatchMessage(kind)
        : new WatchMessage(
            kind,
            BinaryPrimitives.ReadInt32LittleEndian(rest),
            BinaryPrimitives.ReadInt32LittleEndian(rest[sizeof(int)..]),
            Encoding.UTF8.GetString(rest[(2 * sizeof(int))..]));
}
