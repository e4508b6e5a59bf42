using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SparseEngine.Kernels.Sparse;

/// <summary>Where the non-zeros of a sparse matrix lie: compressed sparse rows without the values.</summary>
/// <remarks>Immutable. The values of a matrix with this pattern are one float per non-zero, in the order of <see cref="Columns"/>.</remarks>
public sealed class CsrPattern
{
    private readonly int[] rowPointers;
    private readonly int[] columns;

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
        this.columns = columns;
    }

    /// <summary>The number of rows (a weight's output features).</summary>
    public int Rows { get; }

    /// <summary>The number of columns (a weight's input features).</summary>
    public int ColumnCount { get; }

    /// <summary>The number of non-zeros.</summary>
    public int NonZeros => columns.Length;

    /// <summary>Row r's non-zeros are the positions [RowPointers[r], RowPointers[r + 1]).</summary>
    public ReadOnlySpan<int> RowPointers => rowPointers;

    /// <summary>The column of each non-zero, ascending within a row.</summary>
    public ReadOnlySpan<int> Columns => columns;

    /// <summary>
    /// The row pointers of the transpose: column c has result[c + 1] - result[c] non-zeros. Counted with every call.
    /// </summary>
    public int[] ColumnPointers()
    {
        int[] pointers = new int[ColumnCount + 1];
        foreach (int column in columns)
        {
            pointers[column + 1]++;
        }

        for (int column = 0; column < ColumnCount; column++)
        {
            pointers[column + 1] += pointers[column];
        }

        return pointers;
    }

    /// <summary>The pattern of a dense row-major matrix's kept places.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columnCount">The number of columns.</param>
    /// <param name="keep">One flag per element, row-major.</param>
    /// <exception cref="ArgumentException">The number of flags is not <paramref name="rows"/> times <paramref name="columnCount"/>.</exception>
    public static CsrPattern FromMask(int rows, int columnCount, ReadOnlySpan<bool> keep)
    {
        if (keep.Length != (long)rows * columnCount)
        {
            throw new ArgumentException($"a {rows} x {columnCount} mask has {(long)rows * columnCount} flags, not {keep.Length}", nameof(keep));
        }

        int[] rowPointers = new int[rows + 1];
        int[] columns = new int[keep.Count(true)];
        int next = 0;
        for (int row = 0; row < rows; row++)
        {
            next += ColumnsOf(MemoryMarshal.AsBytes(keep.Slice(row * columnCount, columnCount)), columns.AsSpan(next));
            rowPointers[row + 1] = next;
        }

        return new CsrPattern(rows, columnCount, rowPointers, columns);
    }

    /// <summary>Lists the columns whose flags are not zero, and returns their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ColumnsOf(ReadOnlySpan<byte> flags, Span<int> columns)
    {
        // Flag by flag, the processor would guess wrong at every other one.
        int next = 0;
        int first = 0;
        for (; first + Vector256<byte>.Count <= flags.Length; first += Vector256<byte>.Count)
        {
            Vector256<byte> zeros = Vector256.Equals(Vector256.Create(flags.Slice(first, Vector256<byte>.Count)), Vector256<byte>.Zero);
            for (uint kept = ~zeros.ExtractMostSignificantBits(); kept != 0; kept &= kept - 1)
            {
                columns[next++] = first + BitOperations.TrailingZeroCount(kept);
            }
        }

        for (; first < flags.Length; first++)
        {
            if (flags[first] != 0)
            {
                columns[next++] = first;
            }
        }

        return next;
    }

    /// <summary>Picks the kept elements of a dense row-major matrix, in the order of <see cref="Columns"/>.</summary>
    /// <exception cref="ArgumentException">A length does not fit the pattern.</exception>
    public void Gather(ReadOnlySpan<float> dense, Span<float> values)
    {
        CheckLengths(dense.Length, values.Length);
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<float> source = dense.Slice(row * ColumnCount, ColumnCount);
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                values[p] = source[columns[p]];
            }
        }
    }

    /// <summary>
    /// Writes <paramref name="values"/> to their places in a dense row-major matrix and <paramref name="elsewhere"/> to all others.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the pattern.</exception>
    public void Scatter(ReadOnlySpan<float> values, Span<float> dense, float elsewhere)
    {
        CheckLengths(dense.Length, values.Length);
        dense.Fill(elsewhere);
        for (int row = 0; row < Rows; row++)
        {
            Span<float> destination = dense.Slice(row * ColumnCount, ColumnCount);
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                destination[columns[p]] = values[p];
            }
        }
    }

    /// <summary>
    /// Brings values to the places of another pattern of the same shape; a place that this one does not hold gets 0.
    /// </summary>
    /// <param name="to">The other pattern.</param>
    /// <param name="values">The values of this one.</param>
    /// <param name="moved">Receives the values of the other one.</param>
    /// <exception cref="ArgumentException">A shape or a length does not fit.</exception>
    public void Transfer(CsrPattern to, ReadOnlySpan<float> values, Span<float> moved)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentOutOfRangeException.ThrowIfNotEqual((to.Rows, to.ColumnCount), (Rows, ColumnCount), nameof(to));
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, NonZeros);
        ArgumentOutOfRangeException.ThrowIfNotEqual(moved.Length, to.NonZeros);

        // Through a dense row, in the L1 cache: a merge of two random rows would guess every other branch wrong.
        float[] rented = ArrayPool<float>.Shared.Rent(ColumnCount);
        Span<float> line = rented.AsSpan(0, ColumnCount);
        line.Clear();
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<int> places = columns.AsSpan(rowPointers[row]..rowPointers[row + 1]);
            ReadOnlySpan<float> source = values.Slice(rowPointers[row], places.Length);
            for (int i = 0; i < places.Length; i++)
            {
                line[places[i]] = source[i];
            }

            ReadOnlySpan<int> newPlaces = to.columns.AsSpan(to.rowPointers[row]..to.rowPointers[row + 1]);
            Span<float> destination = moved.Slice(to.rowPointers[row], newPlaces.Length);
            for (int i = 0; i < newPlaces.Length; i++)
            {
                destination[i] = line[newPlaces[i]];
            }

            foreach (int place in places)
            {
                line[place] = 0;
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private void CheckLengths(int dense, int values)
    {
        if (dense != (long)Rows * ColumnCount)
        {
            throw new ArgumentException($"the dense matrix must have {(long)Rows * ColumnCount} elements, not {dense}");
        }

        if (values != NonZeros)
        {
            throw new ArgumentException($"there must be {NonZeros} values, not {values}");
        }
    }
}
