using ZstdSharp;
using ZstdSharp.Unsafe;

namespace SparseEngine.Data.Preparation;

/// <summary>Decompresses Zstandard, frame after frame, and puts what is wrong with it in the words of <see cref="InvalidDataException"/>.</summary>
/// <remarks>
/// Its memory is the frame's window, which the frame states: 8 MiB at most unless <c>zstd --ultra</c> or <c>--long</c> wrote it, with the latter
/// up to 2 GiB.
/// </remarks>
internal sealed class WholeZstandardStream : ForwardStream
{
    /// <summary>The largest window that <c>zstd --long=31</c> writes, and the format's library takes.</summary>
    private static readonly int LargestWindowLog = Environment.Is64BitProcess ? 31 : 30;

    private readonly DecompressionStream decompressed;

    /// <summary>Takes a compressed stream, which goes with this one.</summary>
    public WholeZstandardStream(Stream compressed)
    {
        decompressed = new DecompressionStream(compressed, bufferSize: 0, checkEndOfStream: true, leaveOpen: false);
        decompressed.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, LargestWindowLog);
    }

    /// <exception cref="InvalidDataException">The compressed data is damaged or ends early.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return decompressed.Read(buffer);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("there is no end of the compressed data", exception);
        }
        catch (ZstdException exception) when (exception.Code == ZSTD_ErrorCode.ZSTD_error_memory_allocation)
        {
            throw new InsufficientMemoryException(exception.Message, exception);
        }
        catch (ZstdException exception)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decompressed.Dispose();
        }

        base.Dispose(disposing);
    }
}
