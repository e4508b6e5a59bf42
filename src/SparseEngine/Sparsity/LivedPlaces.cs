using System.Numerics;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Sparsity;

/// <summary>The places of one weight that were alive at any time of a run, a bit each.</summary>
/// <remarks>
/// Checkpoints hold them without a tensor of their own: a dead place is NaN, and one that has lived is another NaN than one that has not. Who knows
/// nothing of it sees NaN.
/// </remarks>
/// <param name="elements">The weight's elements.</param>
internal sealed class LivedPlaces(int elements)
{
    // A quiet NaN that no arithmetic makes: the mark of what has lived and is dead.
    private static readonly float Lived = BitConverter.UInt32BitsToSingle(0x7FC1_1F3D);

    private static readonly uint LivedBits = BitConverter.SingleToUInt32Bits(Lived);

    /// <summary>So many rows of any weight fill whole words of bits.</summary>
    public const int RowStep = 64;

    private readonly ulong[] bits = new ulong[(elements + 63) / 64];

    /// <summary>How many there are.</summary>
    public long Count => bits.Sum(word => (long)BitOperations.PopCount(word));

    /// <summary>Whether an element of a stored weight is a dead place that has lived.</summary>
    public static bool HasLived(float element) => BitConverter.SingleToUInt32Bits(element) == LivedBits;

    /// <summary>How many places of a stored weight are dead and have lived.</summary>
    public static long CountMarks(ReadOnlySpan<float> dense)
    {
        long count = 0;
        foreach (float element in dense)
        {
            count += HasLived(element) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Adds the places in rows that are alive. Other rows may be added meanwhile.</summary>
    /// <param name="pattern">Where they lie; null for everywhere.</param>
    /// <param name="firstRow">The first row, a multiple of <see cref="RowStep"/>.</param>
    /// <param name="endRow">Behind the last: another multiple, or the number of rows.</param>
    /// <param name="columns">The weight's columns.</param>
    public void Add(CsrPattern? pattern, int firstRow, int endRow, int columns)
    {
        for (int row = firstRow; row < endRow; row++)
        {
            int first = row * columns;
            if (pattern is null)
            {
                for (int place = first; place < first + columns; place++)
                {
                    Add(place);
                }

                continue;
            }

            foreach (int column in pattern.Columns[pattern.RowPointers[row]..pattern.RowPointers[row + 1]])
            {
                Add(first + column);
            }
        }
    }

    /// <summary>Adds the places that are flagged.</summary>
    public void Add(ReadOnlySpan<bool> alive)
    {
        for (int place = 0; place < alive.Length; place++)
        {
            if (alive[place])
            {
                Add(place);
            }
        }
    }

    /// <summary>Adds the places of a stored weight that are alive, or dead with the mark of those that have lived.</summary>
    public void AddStored(ReadOnlySpan<float> dense)
    {
        for (int place = 0; place < dense.Length; place++)
        {
            if (!float.IsNaN(dense[place]) || HasLived(dense[place]))
            {
                Add(place);
            }
        }
    }

    /// <summary>Puts the mark on the dead places of a weight that have lived.</summary>
    /// <param name="dense">The weight as a checkpoint holds it, NaN where it is dead.</param>
    public void Mark(Span<float> dense)
    {
        for (int place = 0; place < dense.Length; place++)
        {
            if (float.IsNaN(dense[place]) && (bits[place / 64] >> (place % 64) & 1) != 0)
            {
                dense[place] = Lived;
            }
        }
    }

    private void Add(int place) => bits[place / 64] |= 1UL << (place % 64);
}
