using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace SparseEngine.Kernels.Sparse;

/// <content>The other orientation.</content>
public sealed partial class CsrPattern
{
    /// <summary>
    /// The transpose, by a counting sort: each part of the rows counts for itself, and rows are visited in order, so that they ascend within a
    /// column.
    /// </summary>
    /// <param name="workers">Who sorts.</param>
    /// <param name="permutation">Receives for each of its non-zeros the position of that one here.</param>
    internal CsrPattern Transpose(IWorkers workers, int[] permutation)
    {
        int parts = workers.PartsFor(NonZeros);
        RowPartition blocks = RowPartition.EqualNonZeros(rowPointers, parts);
        int[] places = ArrayPool<int>.Shared.Rent(parts * ColumnCount);
        workers.Run(parts, new ColumnCounts(this, blocks, places));
        int[] pointers = new int[ColumnCount + 1];
        for (int part = 0; part < parts; part++)
        {
            ReadOnlySpan<int> counts = places.AsSpan(part * ColumnCount, ColumnCount);
            for (int column = 0; column < counts.Length; column++)
            {
                pointers[column + 1] += counts[column];
            }
        }

        for (int column = 0; column < ColumnCount; column++)
        {
            pointers[column + 1] += pointers[column];
        }

        int[] next = pointers[..^1];
        for (int part = 0; part < parts; part++)
        {
            Span<int> counts = places.AsSpan(part * ColumnCount, ColumnCount);
            for (int column = 0; column < counts.Length; column++)
            {
                (counts[column], next[column]) = (next[column], next[column] + counts[column]);
            }
        }

        CsrPattern transposed = IsNarrow(Rows)
            ? new CsrPattern(Rows, pointers, SortRows<ushort>(workers, blocks, places, permutation), null)
            : new CsrPattern(Rows, pointers, null, SortRows<int>(workers, blocks, places, permutation));
        ArrayPool<int>.Shared.Return(places);
        return transposed;
    }

    private TRow[] SortRows<TRow>(IWorkers workers, RowPartition blocks, int[] places, int[] permutation)
        where TRow : unmanaged, IBinaryInteger<TRow>
    {
        TRow[] rows = new TRow[NonZeros];
        workers.Run(blocks.Blocks, new SortedRows<TRow>(this, blocks, places, rows, permutation));
        return rows;
    }

    /// <summary>Counts the non-zeros of each column in a block of rows.</summary>
    private readonly struct ColumnCounts(CsrPattern csr, RowPartition blocks, int[] counts) : IParts
    {
        public void Do(int part)
        {
            Span<int> mine = counts.AsSpan(part * csr.ColumnCount, csr.ColumnCount);
            mine.Clear();
            foreach (int column in csr.Columns[csr.rowPointers[blocks.Boundaries[part]]..csr.rowPointers[blocks.Boundaries[part + 1]]])
            {
                mine[column]++;
            }
        }
    }

    /// <summary>Puts a block's non-zeros in their places, of which the block's next one of each column is given.</summary>
    private readonly struct SortedRows<TRow>(CsrPattern csr, RowPartition blocks, int[] places, TRow[] rows, int[] permutation) : IParts
        where TRow : unmanaged, IBinaryInteger<TRow>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Do(int part)
        {
            Span<int> next = places.AsSpan(part * csr.ColumnCount, csr.ColumnCount);
            ReadOnlySpan<int> pointers = csr.RowPointers;
            ColumnIndices columns = csr.Columns;
            Span<TRow> sortedRows = rows;
            Span<int> positions = permutation;
            for (int row = blocks.Boundaries[part]; row < blocks.Boundaries[part + 1]; row++)
            {
                for (int p = pointers[row]; p < pointers[row + 1]; p++)
                {
                    int to = next[columns[p]]++;
                    sortedRows[to] = TRow.CreateTruncating(row);
                    positions[to] = p;
                }
            }
        }
    }
}
