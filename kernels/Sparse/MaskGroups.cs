namespace SparseEngine.Kernels.Sparse;

/// <summary>
/// Groups of a weight, in each of which the same number of elements stays: blocks of its rows (outputs) or of its columns (inputs). By default one.
/// </summary>
public readonly record struct MaskGroups
{
    // One less, so that the default is one group.
    private readonly int others;
    private readonly bool areColumns;

    private MaskGroups(int count, bool areColumns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        others = count - 1;
        this.areColumns = areColumns && count > 1;
    }

    /// <summary>The number of groups.</summary>
    public int Count => others + 1;

    /// <summary>The rows in <paramref name="count"/> equal blocks: groups of outputs.</summary>
    public static MaskGroups OfRows(int count) => new(count, areColumns: false);

    /// <summary>The columns in <paramref name="count"/> equal blocks: groups of inputs.</summary>
    public static MaskGroups OfColumns(int count) => new(count, areColumns: true);

    /// <summary>The elements of each group.</summary>
    /// <param name="rows">The weight's rows.</param>
    /// <param name="columns">The weight's columns.</param>
    /// <exception cref="ArgumentException">The groups do not divide the weight.</exception>
    public int SizeOf(int rows, int columns)
    {
        int divided = areColumns ? columns : rows;
        if (divided % Count != 0)
        {
            throw new ArgumentException($"{Count} groups do not divide {divided} {(areColumns ? "columns" : "rows")}");
        }

        return checked((int)((long)rows * columns / Count));
    }

    /// <summary>In how many runs a group lies.</summary>
    internal int RunsOf(int rows) => areColumns ? rows : 1;

    /// <summary>Where a group's elements lie in a dense row-major weight.</summary>
    internal void FillRuns(int group, int rows, int columns, Span<Run> runs)
    {
        int size = SizeOf(rows, columns);
        if (!areColumns)
        {
            runs[0] = new Run(group * size, size);
            return;
        }

        int width = columns / Count;
        for (int row = 0; row < rows; row++)
        {
            runs[row] = new Run((row * columns) + (group * width), width);
        }
    }

    /// <summary>Where a group's elements lie among the non-zeros of a pattern.</summary>
    internal void FillRuns(int group, CsrPattern pattern, Span<Run> runs)
    {
        ReadOnlySpan<int> pointers = pattern.RowPointers;
        if (!areColumns)
        {
            int groupRows = pattern.Rows / Count;
            runs[0] = Run.Between(pointers[group * groupRows], pointers[(group + 1) * groupRows]);
            return;
        }

        int width = pattern.ColumnCount / Count;
        for (int row = 0; row < pattern.Rows; row++)
        {
            runs[row] = Run.Between(pattern.PositionFrom(row, group * width), pattern.PositionFrom(row, (group + 1) * width));
        }
    }
}
