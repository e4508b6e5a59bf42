namespace SparseEngine.Kernels.Sparse;

/// <summary>
/// A pattern whose rows share their columns four by four: quad q is the rows 4 q to 4 q + 3. What is loaded of a column serves four multiply-adds
/// then, as in a dense product, and the values are read where they lie.
/// </summary>
internal sealed class RowQuads
{
    /// <summary>Rows of a quad.</summary>
    public const int Rows = 4;

    private readonly int[] starts;
    private readonly int[] columns;

    // By the width of a range: a device has one for each way in which it goes over the columns.
    private readonly Dictionary<int, int[]> bounds = [];

    private RowQuads(int[] starts, int[] columns, int columnCount)
    {
        this.starts = starts;
        this.columns = columns;
        ColumnCount = columnCount;
    }

    /// <summary>The number of quads.</summary>
    public int Count => starts.Length - 1;

    /// <summary>Columns of the matrix.</summary>
    public int ColumnCount { get; }

    /// <summary>
    /// Quad q has the columns [Starts[q], Starts[q + 1]), the same in each row; the values of its row r start at 4 Starts[q] plus r times their
    /// number.
    /// </summary>
    public ReadOnlySpan<int> Starts => starts;

    /// <summary>The columns of one quad after the other, ascending in each.</summary>
    public ReadOnlySpan<int> Columns => columns;

    /// <summary>The pattern with a row for each quad.</summary>
    public CsrPattern Fold() => new(Count, ColumnCount, starts, columns);

    /// <summary>Bytes beside the pattern's own.</summary>
    public long Bytes => sizeof(int) * ((long)starts.Length + columns.Length + bounds.Values.Sum(ofWidth => (long)ofWidth.Length));

    /// <summary>The quads of a pattern; null where rows differ, or are left over.</summary>
    public static RowQuads? Of(CsrPattern csr)
    {
        if (csr.Rows == 0 || csr.Rows % Rows != 0)
        {
            return null;
        }

        ReadOnlySpan<int> pointers = csr.RowPointers;
        int[] starts = new int[(csr.Rows / Rows) + 1];
        for (int row = 0; row < csr.Rows; row += Rows)
        {
            int count = pointers[row + 1] - pointers[row];
            for (int other = row + 1; other < row + Rows; other++)
            {
                if (pointers[other + 1] - pointers[other] != count || !AreEqual(csr.Columns, pointers[row], pointers[other], count))
                {
                    return null;
                }
            }

            starts[(row / Rows) + 1] = starts[row / Rows] + count;
        }

        int[] columns = new int[starts[^1]];
        for (int quad = 0; quad + 1 < starts.Length; quad++)
        {
            int position = starts[quad];
            foreach (int column in csr.Columns.Slice(pointers[quad * Rows], starts[quad + 1] - position))
            {
                columns[position++] = column;
            }
        }

        return new RowQuads(starts, columns, csr.ColumnCount);
    }

    /// <summary>
    /// Where ranges of so many columns start in each quad: the columns [r width, (r + 1) width) of quad q are
    /// [bounds[r Count + q], bounds[(r + 1) Count + q]). Looked for once a width.
    /// </summary>
    public ReadOnlySpan<int> BoundsOf(int width)
    {
        if (!bounds.TryGetValue(width, out int[]? found))
        {
            int ranges = (ColumnCount + width - 1) / width;
            found = new int[(ranges + 1) * Count];
            for (int quad = 0; quad < Count; quad++)
            {
                int position = starts[quad];
                for (int range = 0; range <= ranges; range++)
                {
                    while (position < starts[quad + 1] && columns[position] < range * width)
                    {
                        position++;
                    }

                    found[(range * Count) + quad] = position;
                }
            }

            bounds.Add(width, found);
        }

        return found;
    }

    /// <summary>The quads of a part, of about equal non-zeros.</summary>
    public (int First, int End) Cut(int part, int parts) => (CutBefore(part, parts), CutBefore(part + 1, parts));

    // The boundary before which a part's share of the columns ends.
    private int CutBefore(int part, int parts)
    {
        if (part == 0 || part == parts)
        {
            return part == 0 ? 0 : Count;
        }

        int place = Array.BinarySearch(starts, (int)((long)starts[^1] * part / parts));
        return place < 0 ? ~place : place;
    }

    private static bool AreEqual(ColumnIndices columns, int first, int second, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (columns[first + i] != columns[second + i])
            {
                return false;
            }
        }

        return true;
    }
}
