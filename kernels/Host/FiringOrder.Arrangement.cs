using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <content>How the order is made: groups by themselves, and then blocks.</content>
internal sealed partial class FiringOrder
{
    private static (int[] Groups, int[] BlockGroups) GroupsOf(RowPartition partition, int groupRows)
    {
        List<int> groups = [];
        int[] blockGroups = new int[partition.Blocks + 1];
        for (int block = 0; block < partition.Blocks; block++)
        {
            for (int row = partition.Boundaries[block]; row < partition.Boundaries[block + 1]; row += groupRows)
            {
                groups.Add(row);
            }

            blockGroups[block + 1] = groups.Count;
        }

        return ([.. groups, partition.Boundaries[^1]], blockGroups);
    }

    // Fills in the rows' order and lengths, and returns the largest number of non-zeros that a group has in a tile.
    private int CountNonZeros(IWorkers workers, CsrPattern pattern)
    {
        int[] tileOf = new int[ColumnCount];
        for (int column = 0; column < tileOf.Length; column++)
        {
            tileOf[column] = column / Width;
        }

        int[] largest = new int[groups.Length - 1];
        workers.Run(largest.Length, new TileCounts(this, pattern, tileOf, largest));
        return largest.DefaultIfEmpty().Max();
    }

    private ushort[] OffsetsOf(IWorkers workers, CsrPattern pattern, int stripTokens)
    {
        // One division a column instead of one a non-zero.
        ushort[] ofColumn = new ushort[ColumnCount];
        for (int column = 0; column < ofColumn.Length; column++)
        {
            ofColumn[column] = (ushort)(column % Width * stripTokens);
        }

        ushort[] fired = new ushort[pattern.NonZeros];
        workers.Run(Partition.Blocks, new FiredOffsets(this, pattern, ofColumn, fired));
        return fired;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CountNonZeros(CsrPattern pattern, int group, int[] tileOf)
    {
        int first = groups[group];
        int rows = groups[group + 1] - first;
        Span<ushort> counts = lengths.AsSpan(first * Tiles, rows * Tiles);
        counts.Clear();
        ReadOnlySpan<int> pointers = RowPointers;
        ColumnIndices columns = pattern.Columns;
        for (int i = 0; i < rows; i++)
        {
            foreach (int column in columns[pointers[first + i]..pointers[first + i + 1]])
            {
                counts[(tileOf[column] * rows) + i]++;
            }
        }

        int largest = 0;
        for (int tile = 0; tile < Tiles; tile++)
        {
            largest = Math.Max(largest, SortByLength(counts.Slice(tile * rows, rows), rowOrder.AsSpan((first * Tiles) + (tile * rows), rows)));
        }

        return largest;
    }

    // Sorts the rows' numbers of non-zeros, equal ones by row; gives the rows in that order, and the sum.
    private static int SortByLength(Span<ushort> counts, Span<byte> rows)
    {
        Span<ushort> ofRows = stackalloc ushort[GroupRows];
        ofRows = ofRows[..counts.Length];
        counts.CopyTo(ofRows);
        int sum = 0;
        int most = 0;
        foreach (ushort count in ofRows)
        {
            sum += count;
            most = Math.Max(most, count);
        }

        // How many rows have fewer than so many: the turn of the next that has as many. No row has more than a tile has columns.
        Span<int> turns = stackalloc int[most + 2];
        foreach (ushort count in ofRows)
        {
            turns[count + 1]++;
        }

        for (int count = 1; count <= most; count++)
        {
            turns[count] += turns[count - 1];
        }

        for (int row = 0; row < ofRows.Length; row++)
        {
            int turn = turns[ofRows[row]]++;
            counts[turn] = ofRows[row];
            rows[turn] = (byte)row;
        }

        return sum;
    }

    /// <summary>Counts each group's non-zeros, and notes the most that it has in a tile.</summary>
    private readonly struct TileCounts(FiringOrder order, CsrPattern pattern, int[] tileOf, int[] largest) : IParts
    {
        public void Do(int part) => largest[part] = order.CountNonZeros(pattern, part, tileOf);
    }

    /// <summary>Brings the offsets of each block's non-zeros into its firing order.</summary>
    private readonly struct FiredOffsets(FiringOrder order, CsrPattern pattern, ushort[] ofColumn, ushort[] fired) : IParts
    {
        public void Do(int part) => order.Walk(part, new LookUpPieces(pattern.Columns, ofColumn, fired));
    }
}
