using System.Collections.Immutable;

namespace SparseEngine.Sparsity;

/// <summary>
/// The mask of init_method checkerboard, as Model Zoo 2.2 and later make it: a row keeps the columns where floor(column x density) steps up, and
/// each row is the one before it, rotated.
/// </summary>
internal static class Checkerboard
{
    // So that a density of which a multiple is whole steps where it is.
    private const double Rounding = 1e-5;

    /// <summary>The number of elements kept.</summary>
    public static long Count(ImmutableArray<int> shape, double sparsity)
    {
        (int rows, bool[] first, int shift) = Pattern(shape, sparsity);
        int columns = shape[^1];
        long count = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                count += first[Source(row, column, shift, first.Length)] ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Flags the elements kept.</summary>
    /// <param name="shape">The weight's dimensions; all but the last are rows.</param>
    /// <param name="sparsity">The share of zeros, in [0, 1].</param>
    /// <param name="keep">One flag per element, row-major.</param>
    public static void Mark(ImmutableArray<int> shape, double sparsity, Span<bool> keep)
    {
        (int rows, bool[] first, int shift) = Pattern(shape, sparsity);
        int columns = shape[^1];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                keep[(row * columns) + column] = first[Source(row, column, shift, first.Length)];
            }
        }
    }

    /// <summary>
    /// The first row, padded so that rows which are rotated through it bring in new places, and the columns that each row goes to the left.
    /// </summary>
    private static (int Rows, bool[] First, int Shift) Pattern(ImmutableArray<int> shape, double sparsity)
    {
        int columns = shape[^1];
        int rows = shape[..^1].Aggregate(1, (product, dimension) => checked(product * dimension));
        double density = 1 - sparsity;
        if (density <= 0)
        {
            return (rows, new bool[Math.Max(columns, 1)], 0);
        }

        int padding = (int)Math.Min(Math.Ceiling((columns / density) + Rounding), Array.MaxLength / 2);
        bool[] first = new bool[columns + padding - 1];
        double before = Math.Floor(Rounding);
        for (int i = 0; i < first.Length; i++)
        {
            double after = Math.Floor(((i + 1) * density) + Rounding);
            first[i] = after != before;
            before = after;
        }

        return (rows, first, (int)Math.Floor((1 / density) - Rounding));
    }

    /// <summary>Row r is the first one rolled by -r x shift places.</summary>
    private static int Source(int row, int column, int shift, int length) => (int)((column + ((long)row * shift)) % length);
}
