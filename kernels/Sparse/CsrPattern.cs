using System.Numerics;
using System.Runtime.InteropServices;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Where the non-zeros of a sparse matrix lie: compressed sparse rows without the values.</summary>
/// <remarks>Immutable. The values of a matrix with this pattern are one float per non-zero, in the order of <see cref="Columns"/>.</remarks>
public sealed partial class CsrPattern
{
    private readonly int[] rowPointers;
    private readonly ushort[]? narrowColumns;
    private readonly int[]? wideColumns;

    /// <summary>Takes a pattern as it is, after checking it.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columnCount">The number of columns.</param>
    /// <param name="rowPointers"><paramref name="rows"/> + 1 ascending positions: row r's non-zeros are [rowPointers[r], rowPointers[r + 1]).</param>
    /// <param name="columns">The column of each non-zero, ascending within a row.</param>
    /// <exception cref="ArgumentException">The arrays do not describe such a matrix.</exception>
    public CsrPattern(int rows, int columnCount, int[] rowPointers, int[] columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columnCount);
        ArgumentNullException.ThrowIfNull(rowPointers);
        ArgumentNullException.ThrowIfNull(columns);
        if (rowPointers.Length != rows + 1 || rowPointers[0] != 0 || rowPointers[^1] != columns.Length)
        {
            throw new ArgumentException($"row pointers must be {rows + 1} positions from 0 to {columns.Length}", nameof(rowPointers));
        }

        for (int row = 0; row < rows; row++)
        {
            // Checked before the row is read: a pointer past the end must not become an index.
            if (rowPointers[row + 1] < rowPointers[row] || rowPointers[row + 1] > columns.Length)
            {
                throw new ArgumentException($"row pointer {row + 1} is out of order", nameof(rowPointers));
            }

            int previous = -1;
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                if (columns[p] <= previous || columns[p] >= columnCount)
                {
                    throw new ArgumentException($"the columns of row {row} must ascend and be below {columnCount}", nameof(columns));
                }

                previous = columns[p];
            }
        }

        Rows = rows;
        ColumnCount = columnCount;
        this.rowPointers = rowPointers;
        if (IsNarrow(columnCount))
        {
            narrowColumns = Array.ConvertAll(columns, column => (ushort)column);
        }
        else
        {
            wideColumns = columns;
        }
    }

    // What is known to be in order: one of the two.
    private CsrPattern(int columnCount, int[] rowPointers, ushort[]? narrowColumns, int[]? wideColumns)
    {
        Rows = rowPointers.Length - 1;
        ColumnCount = columnCount;
        this.rowPointers = rowPointers;
        this.narrowColumns = narrowColumns;
        this.wideColumns = wideColumns;
    }

    /// <summary>The number of rows (a weight's output features).</summary>
    public int Rows { get; }

    /// <summary>The number of columns (a weight's input features).</summary>
    public int ColumnCount { get; }

    /// <summary>The number of non-zeros.</summary>
    public int NonZeros => rowPointers[^1];

    /// <summary>What row pointers and columns take of memory.</summary>
    public long Bytes => BytesOf(Rows, ColumnCount, NonZeros);

    /// <summary>Row r's non-zeros are the positions [RowPointers[r], RowPointers[r + 1]).</summary>
    public ReadOnlySpan<int> RowPointers => rowPointers;

    /// <summary>The column of each non-zero, ascending within a row.</summary>
    public ColumnIndices Columns => new(narrowColumns, wideColumns);

    /// <summary>
    /// The row pointers of the transpose: column c has result[c + 1] - result[c] non-zeros. Counted with every call.
    /// </summary>
    public int[] ColumnPointers()
    {
        int[] pointers = new int[ColumnCount + 1];
        foreach (int column in Columns)
        {
            pointers[column + 1]++;
        }

        for (int column = 0; column < ColumnCount; column++)
        {
            pointers[column + 1] += pointers[column];
        }

        return pointers;
    }

    /// <summary>Whether columns are stored with 16 bits: <see cref="ColumnsAs{TColumn}"/> gives them as those, else as numbers of 32.</summary>
    internal bool HasNarrowColumns => wideColumns is null;

    /// <summary>The columns as they are stored, for loops that must be fast.</summary>
    internal ReadOnlySpan<TColumn> ColumnsAs<TColumn>()
        where TColumn : unmanaged, IBinaryInteger<TColumn> => typeof(TColumn) == typeof(ushort)
            ? MemoryMarshal.Cast<ushort, TColumn>(narrowColumns)
            : MemoryMarshal.Cast<int, TColumn>(wideColumns);

    /// <summary>The position of a row's first non-zero at or behind a column, or of the next row's first.</summary>
    internal int PositionFrom(int row, int column)
    {
        int start = rowPointers[row];
        int found = Columns[start..rowPointers[row + 1]].BinarySearch(column);
        return start + (found < 0 ? ~found : found);
    }

    /// <summary>What row pointers and columns of a pattern take of memory.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columnCount">The number of columns.</param>
    /// <param name="nonZeros">The number of non-zeros.</param>
    public static long BytesOf(int rows, int columnCount, long nonZeros) =>
        (sizeof(int) * (rows + 1L)) + ((IsNarrow(columnCount) ? sizeof(ushort) : sizeof(int)) * nonZeros);

    /// <summary>Whether columns are numbers of 16 bits.</summary>
    private static bool IsNarrow(int columnCount) => columnCount <= ushort.MaxValue + 1;
}
