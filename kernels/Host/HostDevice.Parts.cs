using SparseEngine.Kernels.Devices;

namespace SparseEngine.Kernels.Host;

/// <content>Into how many parts loops are cut, and what they take: estimates, by which no result changes.</content>
internal sealed partial class HostDevice<TSimd, TVector>
{
    // Floats of a cache line: parts that write neighbouring elements meet at the ends of lines.
    private const int LineFloats = 16;

    /// <summary>The time of multiply-adds on one core, in nanoseconds: two vectors each, as sparse products make them.</summary>
    private static long MultiplyAdds(double count) => (long)(count / (2 * TSimd.Width));

    /// <summary>The time of streaming so many floats past one core, in nanoseconds: eight of them each, about 32 GB/s.</summary>
    private static long Streams(long rows, long columns, int matrices) => rows * columns * matrices / 8;

    /// <summary>The time of elementwise functions on one core: 26 cycles for 16 values of GELU with AVX-512.</summary>
    private static long Functions(long rows, long columns) => rows * columns * 8 / TSimd.Width;

    /// <summary>The part <paramref name="index"/> of <paramref name="parts"/> equal shares of [0, length).</summary>
    private static (int First, int End) Share(int length, int index, int parts) =>
        ((int)((long)length * index / parts), (int)((long)length * (index + 1) / parts));

    /// <summary>The same in whole cache lines of floats.</summary>
    private static (int First, int End) ShareOfLines(int length, int index, int parts)
    {
        (int first, int end) = Share(LinesOf(length), index, parts);
        return (first * LineFloats, Math.Min(length, end * LineFloats));
    }

    /// <summary>The cache lines that so many floats take.</summary>
    private static int LinesOf(int length) => (length + LineFloats - 1) / LineFloats;

    /// <summary>
    /// The tokens of a part where tokens do not touch each other: so many, or fewer whole lines where that leaves workers without a part.
    /// </summary>
    private int BlockTokens(int tokens, int most, long nanoseconds)
    {
        int workers = pool.PartsFor(nanoseconds, pool.Workers);
        int each = most;
        while (each > LineFloats && (tokens + each - 1) / each < workers)
        {
            each /= 2;
        }

        return each;
    }

    /// <summary>Parts of a loop over rows of activations that reads and writes as many matrices.</summary>
    private int PartsOfRows(int rows, int columns, int matrices) => pool.PartsFor(Streams(rows, DeviceMatrix.Padded(columns), matrices), rows);

    /// <summary>Parts of a loop over rows of activations that computes a function of each element.</summary>
    private static int PartsOfFunctions(WorkerPool pool, int rows, int padded) => pool.PartsFor(Functions(rows, padded), rows);
}
