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

    /// <summary>Adds the places that are alive.</summary>
    /// <param name="pattern">Where they lie; null for everywhere.</param>
    public void Add(CsrPattern? pattern)
    {
        if (pattern is null)
        {
            for (int place = 0; place < elements; place++)
            {
                Add(place);
            }

            return;
        }

        for (int row = 0; row < pattern.Rows; row++)
        {
            long first = (long)row * pattern.ColumnCount;
            foreach (int column in pattern.Columns[pattern.RowPointers[row]..pattern.RowPointers[row + 1]])
            {
                Add((int)(first + column));
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
