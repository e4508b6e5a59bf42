using System.Buffers;
using System.Numerics;

namespace SparseEngine.Kernels.Sparse;

/// <content>Values on their way to and from its places.</content>
public sealed partial class CsrPattern
{
    /// <summary>Picks the kept elements of a dense row-major matrix, in the order of <see cref="Columns"/>.</summary>
    /// <exception cref="ArgumentException">A length does not fit the pattern.</exception>
    public void Gather(ReadOnlySpan<float> dense, Span<float> values)
    {
        CheckLengths(dense.Length, values.Length);
        Gather(0, Rows, dense, values);
    }

    /// <summary>
    /// Writes <paramref name="values"/> to their places in a dense row-major matrix and <paramref name="elsewhere"/> to all others.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the pattern.</exception>
    public void Scatter(ReadOnlySpan<float> values, Span<float> dense, float elsewhere)
    {
        CheckLengths(dense.Length, values.Length);
        Scatter(0, Rows, values, dense, elsewhere);
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
        Transfer(0, Rows, to, values, moved);
    }

    /// <summary>Brings values from one pattern's places to another's, null for all places of a dense matrix; what was not held becomes 0.</summary>
    /// <param name="workers">Who brings them.</param>
    /// <param name="from">Where the values are.</param>
    /// <param name="to">Where they go; of the same shape.</param>
    /// <param name="values">As many as <paramref name="from"/> has places.</param>
    /// <param name="moved">As many as <paramref name="to"/> has.</param>
    internal static void Transfer(IWorkers workers, CsrPattern? from, CsrPattern? to, ReadOnlySpan<float> values, Span<float> moved)
    {
        if ((to ?? from) is not CsrPattern rows)
        {
            values.CopyTo(moved);
            return;
        }

        int parts = workers.PartsFor((long)values.Length + moved.Length);
        workers.Run(parts, new RowTransfers(from, to, RowPartition.EqualNonZeros(rows.rowPointers, parts), values, moved));
    }

    private void Gather(int firstRow, int endRow, ReadOnlySpan<float> dense, Span<float> values)
    {
        if (HasNarrowColumns)
        {
            Gather(ColumnsAs<ushort>(), firstRow, endRow, dense, values);
        }
        else
        {
            Gather(ColumnsAs<int>(), firstRow, endRow, dense, values);
        }
    }

    private void Gather<TColumn>(ReadOnlySpan<TColumn> columns, int firstRow, int endRow, ReadOnlySpan<float> dense, Span<float> values)
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        for (int row = firstRow; row < endRow; row++)
        {
            ReadOnlySpan<float> source = dense.Slice(row * ColumnCount, ColumnCount);
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                values[p] = source[int.CreateTruncating(columns[p])];
            }
        }
    }

    private void Scatter(int firstRow, int endRow, ReadOnlySpan<float> values, Span<float> dense, float elsewhere)
    {
        if (HasNarrowColumns)
        {
            Scatter(ColumnsAs<ushort>(), firstRow, endRow, values, dense, elsewhere);
        }
        else
        {
            Scatter(ColumnsAs<int>(), firstRow, endRow, values, dense, elsewhere);
        }
    }

    private void Scatter<TColumn>(
        ReadOnlySpan<TColumn> columns, int firstRow, int endRow, ReadOnlySpan<float> values, Span<float> dense, float elsewhere)
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        for (int row = firstRow; row < endRow; row++)
        {
            Span<float> destination = dense.Slice(row * ColumnCount, ColumnCount);
            destination.Fill(elsewhere);
            for (int p = rowPointers[row]; p < rowPointers[row + 1]; p++)
            {
                destination[int.CreateTruncating(columns[p])] = values[p];
            }
        }
    }

    private void Transfer(int firstRow, int endRow, CsrPattern to, ReadOnlySpan<float> values, Span<float> moved)
    {
        // Both have as many columns, and so store them alike.
        if (HasNarrowColumns)
        {
            Transfer<ushort>(firstRow, endRow, to, values, moved);
        }
        else
        {
            Transfer<int>(firstRow, endRow, to, values, moved);
        }
    }

    private void Transfer<TColumn>(int firstRow, int endRow, CsrPattern to, ReadOnlySpan<float> values, Span<float> moved)
        where TColumn : unmanaged, IBinaryInteger<TColumn>
    {
        // Through a dense row, in the L1 cache: a merge of two random rows would guess every other branch wrong.
        float[] rented = ArrayPool<float>.Shared.Rent(ColumnCount);
        Span<float> line = rented.AsSpan(0, ColumnCount);
        line.Clear();
        for (int row = firstRow; row < endRow; row++)
        {
            ReadOnlySpan<TColumn> places = ColumnsAs<TColumn>()[rowPointers[row]..rowPointers[row + 1]];
            ReadOnlySpan<float> source = values.Slice(rowPointers[row], places.Length);
            for (int i = 0; i < places.Length; i++)
            {
                line[int.CreateTruncating(places[i])] = source[i];
            }

            ReadOnlySpan<TColumn> newPlaces = to.ColumnsAs<TColumn>()[to.rowPointers[row]..to.rowPointers[row + 1]];
            Span<float> destination = moved.Slice(to.rowPointers[row], newPlaces.Length);
            for (int i = 0; i < newPlaces.Length; i++)
            {
                destination[i] = line[int.CreateTruncating(newPlaces[i])];
            }

            foreach (TColumn place in places)
            {
                line[int.CreateTruncating(place)] = 0;
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

    /// <summary>Brings the values of a block of rows.</summary>
    private readonly ref struct RowTransfers(
        CsrPattern? from, CsrPattern? to, RowPartition rows, ReadOnlySpan<float> values, Span<float> moved) : IParts
    {
        private readonly ReadOnlySpan<float> values = values;
        private readonly Span<float> moved = moved;

        public void Do(int part)
        {
            int first = rows.Boundaries[part];
            int end = rows.Boundaries[part + 1];
            if (from is null)
            {
                to!.Gather(first, end, values, moved);
            }
            else if (to is null)
            {
                from.Scatter(first, end, values, moved, elsewhere: 0);
            }
            else
            {
                from.Transfer(first, end, to, values, moved);
            }
        }
    }
}
