using System.Numerics;
using System.Runtime.InteropServices;

namespace SparseEngine.Distributed.Mpi;

/// <summary>Sums of what each rank gave, in the order of the ranks: ((x0 + x1) + x2) + ...</summary>
internal static class RankOrderSum
{
    /// <summary>Numbers added up before the next ones: what all ranks gave of them stays in the nearest cache.</summary>
    private const int Block = 1024;

    /// <summary>Adds up blocks of floats that lie one behind the other; the first becomes the sum.</summary>
    /// <param name="blocks">[ranks, length].</param>
    /// <param name="length">Numbers of a rank.</param>
    /// <param name="ranks">How many blocks there are.</param>
    public static void OfFloats(Span<float> blocks, int length, int ranks)
    {
        for (int start = 0; start < length; start += Block)
        {
            int count = Math.Min(Block, length - start);
            Span<float> sum = blocks.Slice(start, count);
            for (int rank = 1; rank < ranks; rank++)
            {
                Add(sum, blocks.Slice((rank * length) + start, count));
            }
        }
    }

    /// <summary>Adds up blocks of doubles that lie one behind the other.</summary>
    /// <param name="sums">Receives the sums.</param>
    /// <param name="blocks">[ranks, number of sums].</param>
    public static void OfDoubles(Span<double> sums, ReadOnlySpan<double> blocks)
    {
        blocks[..sums.Length].CopyTo(sums);
        for (int i = sums.Length; i < blocks.Length; i++)
        {
            sums[i % sums.Length] += blocks[i];
        }
    }

    private static void Add(Span<float> sum, ReadOnlySpan<float> numbers)
    {
        Span<Vector<float>> sumVectors = MemoryMarshal.Cast<float, Vector<float>>(sum);
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        for (int i = 0; i < vectors.Length; i++)
        {
            sumVectors[i] += vectors[i];
        }

        for (int i = vectors.Length * Vector<float>.Count; i < numbers.Length; i++)
        {
            sum[i] += numbers[i];
        }
    }
}
