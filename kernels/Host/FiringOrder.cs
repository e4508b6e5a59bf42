using System.Runtime.CompilerServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// The order in which a matrix's non-zeros meet the activations. Columns are cut into tiles, so that a tile of activations stays
/// in the L1 cache while many rows use it; rows into groups that never span two blocks of the partition. Non-zeros fire
/// group by group, tile by tile, row by row, and what the kernels read of them streams by in that order: in CSR order the
/// same tile's pieces of long rows lie pages apart. A group's rows take turns by their non-zeros in the tile, fewest first, so that the processor
/// foresees where a row ends: it ends where the one before it did.
/// </summary>
/// <remarks>A group's non-zeros are the same consecutive positions as in CSR, in another order.</remarks>
internal sealed partial class FiringOrder
{
    /// <summary>Rows of a group; the last one of a block may have fewer.</summary>
    public const int GroupRows = 256;

    /// <summary>Non-zeros of a row in one tile, on average, that pay for loading and storing its sums: measured, docs/performance.md.</summary>
    public const int NonZerosPerTile = 10;

    /// <summary>Rows whose sums or gradients are asked for before their turn: their order is none that hardware foresees.</summary>
    public const int RowsAhead = 2;

    // A group's non-zeros in a tile, so that 16-bit numbers count them.
    private const int LargestPiece = ushort.MaxValue + 1;

    private const int WidthStep = 16;

    // Tokens of a tile: fewer make too little of each non-zero that is read.
    private const int ShortestRow = 64;

    // Non-zeros of a row in a tile that fills L1, from which on a quarter of L1 is better left to what streams by beside the tile.
    private const int ManyNonZeros = 32;

    // A tile this large fills the L1 cache. A larger one is read from L2, since rows visit it from end to end; it pays where a
    // smaller one would hold too few non-zeros.
    private static readonly int TileBytes = CacheSizes.Level1;

    private readonly int[] rowPointers;
    private readonly int[] groups;
    private readonly int[] blockGroups;
    private readonly byte[] rowOrder;
    private readonly ushort[] lengths;
    private readonly ushort[] offsets;

    /// <param name="workers">Who arranges it.</param>
    /// <param name="pattern">The matrix.</param>
    /// <param name="partition">Its rows' partition.</param>
    /// <param name="stripTokens">Tokens in a strip of a packed tile of activations.</param>
    public FiringOrder(IWorkers workers, CsrPattern pattern, RowPartition partition, int stripTokens)
    {
        // Of a transpose nobody else keeps the columns: they are needed here and now only.
        rowPointers = pattern.RowPointers.ToArray();
        ColumnCount = pattern.ColumnCount;
        Partition = partition;
        (Strips, Width) = ChooseTile(pattern, stripTokens);
        Tiles = Math.Max(1, (ColumnCount + Width - 1) / Width);
        lengths = new ushort[Tiles * Rows];
        rowOrder = new byte[lengths.Length + RowsAhead];
        (groups, blockGroups) = GroupsOf(partition, GroupRows);
        if (CountNonZeros(workers, pattern) > LargestPiece)
        {
            (groups, blockGroups) = GroupsOf(partition, LargestPiece / Width);
            CountNonZeros(workers, pattern);
        }

        offsets = OffsetsOf(workers, pattern, stripTokens);
    }

    public int Rows => rowPointers.Length - 1;

    public int ColumnCount { get; }

    /// <summary>How the rows are shared out to the workers.</summary>
    public RowPartition Partition { get; }

    /// <summary>Strips of tokens in a tile of the products, 1 or 2.</summary>
    public int Strips { get; }

    /// <summary>Columns in a tile.</summary>
    public int Width { get; }

    /// <summary>The number of tiles, 1 or more.</summary>
    public int Tiles { get; }

    /// <summary>Group g holds the rows [Groups[g], Groups[g + 1]).</summary>
    public ReadOnlySpan<int> Groups => groups;

    /// <summary>The number of groups.</summary>
    public int GroupCount => groups.Length - 1;

    /// <summary>The number of non-zeros.</summary>
    public int NonZeros => rowPointers[^1];

    /// <summary>What a row costs beside its non-zeros, in these: its sums are read and written once a tile.</summary>
    public int RowCost => 4 * Tiles;

    /// <summary>The groups of the partition's block b are [BlockGroups[b], BlockGroups[b + 1]).</summary>
    public ReadOnlySpan<int> BlockGroups => blockGroups;

    /// <summary>The non-zeros of a group that starts with row r start at RowPointers[r], in CSR and in firing order.</summary>
    public ReadOnlySpan<int> RowPointers => rowPointers;

    /// <summary>
    /// For each group and tile, the group's rows in their turn, counted from its first. A group that starts with row r starts at r Tiles. After the
    /// last, <see cref="RowsAhead"/> more may be read.
    /// </summary>
    public ReadOnlySpan<byte> RowOrder => rowOrder;

    /// <summary>For each group, tile and row in its turn, the number of the row's non-zeros in the tile.</summary>
    public ReadOnlySpan<ushort> Lengths => lengths;

    /// <summary>For each non-zero in firing order, where its column starts in a strip of the packed tile, in floats.</summary>
    public ReadOnlySpan<ushort> Offsets => offsets;

    public long Bytes => rowOrder.Length + ((long)lengths.Length * sizeof(ushort)) + ((long)offsets.Length * sizeof(ushort));

    /// <summary>The number of columns in the tiles [first, end).</summary>
    public int ColumnsOf(int first, int end) => Math.Min(ColumnCount, end * Width) - (first * Width);

    /// <summary>
    /// Where the part <paramref name="part"/> of about equal parts starts, of a work that goes over all groups as often as <paramref name="times"/>
    /// says: the boundary of groups that is nearest.
    /// </summary>
    /// <returns>How often all groups are done before it, and the group that it starts with, which may be the one after the last.</returns>
    public (int Time, int Group) Cut(int part, int parts, int times)
    {
        if (part == parts)
        {
            return (times - 1, GroupCount);
        }

        long once = CostBefore(GroupCount);
        Int128 position = (Int128)once * times * part / parts;
        int time = once == 0 ? 0 : (int)(position / once);
        long within = (long)(position - ((Int128)once * time));
        int low = 0;
        int high = GroupCount;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (CostBefore(middle) < within)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (time, low > 0 && within - CostBefore(low - 1) < CostBefore(low) - within ? low - 1 : low);
    }

    /// <summary>
    /// What the largest of so many parts of all groups, as <see cref="Cut"/> makes them, has of the whole; 1 where there is nothing.
    /// </summary>
    public double LargestShare(int parts)
    {
        long largest = 0;
        long before = 0;
        for (int part = 1; part <= parts; part++)
        {
            long cost = CostBefore(Cut(part, parts, times: 1).Group);
            largest = Math.Max(largest, cost - before);
            before = cost;
        }

        return before == 0 ? 1 : (double)largest / before;
    }

    /// <summary>Where in firing order the non-zeros of a column tile start, for consecutive groups.</summary>
    /// <param name="firstGroup">The first group.</param>
    /// <param name="tile">The column tile.</param>
    /// <param name="positions">Receives one position a group.</param>
    public void FirstNonZeros(int firstGroup, int tile, Span<int> positions)
    {
        for (int i = 0; i < positions.Length; i++)
        {
            int row = groups[firstGroup + i];
            int rows = groups[firstGroup + i + 1] - row;
            positions[i] = RowPointers[row];
            foreach (ushort count in Lengths.Slice(row * Tiles, tile * rows))
            {
                positions[i] += count;
            }
        }
    }

    /// <summary>Visits a block's pieces in firing order: the non-zeros of one row in one tile, which lie together in CSR order too.</summary>
    /// <param name="block">A block of the partition.</param>
    /// <param name="visitor">What is done with them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Walk<TVisitor>(int block, TVisitor visitor)
        where TVisitor : struct, IPieceVisitor, allows ref struct
    {
        Span<int> next = stackalloc int[GroupRows];
        for (int group = blockGroups[block]; group < blockGroups[block + 1]; group++)
        {
            int first = groups[group];
            int rows = groups[group + 1] - first;
            for (int i = 0; i < rows; i++)
            {
                next[i] = RowPointers[first + i];
                visitor.Foresee(next[i]);
            }

            int firing = RowPointers[first];
            ReadOnlySpan<ushort> counts = Lengths.Slice(first * Tiles, rows * Tiles);
            ReadOnlySpan<byte> order = RowOrder.Slice(first * Tiles, rows * Tiles);
            for (int tile = 0; tile < Tiles; tile++)
            {
                for (int i = tile * rows; i < (tile + 1) * rows; i++)
                {
                    int count = counts[i];
                    int row = order[i];
                    int position = next[row];
                    next[row] = position + count;
                    visitor.Foresee(position + count);
                    visitor.Visit(position, firing, count);
                    firing += count;
                }
            }
        }
    }

    // Of the groups before one, in non-zeros.
    private long CostBefore(int group) => RowPointers[groups[group]] + ((long)RowCost * groups[group]);

    private static (int Strips, int Width) ChooseTile(CsrPattern pattern, int stripTokens)
    {
        // Offsets are 16-bit counts of floats.
        int maximum = (ushort.MaxValue + 1) / stripTokens;
        double density = Math.Max(pattern.NonZeros / Math.Max(1.0, (double)pattern.Rows * pattern.ColumnCount), (double)NonZerosPerTile / maximum);
        int stripColumns = TileBytes / sizeof(float) / stripTokens;

        // Of half the tokens twice the columns fit: worth it where a row has few non-zeros in a tile, unless the tile's rows get too short.
        int strips = stripTokens >= ShortestRow && density * stripColumns / 2 < NonZerosPerTile ? 1 : 2;
        int full = stripColumns / strips;
        int least = Math.Max(full * 3 / 4, (int)Math.Min(full, ManyNonZeros / density));
        double steps = Math.Round(NonZerosPerTile / density / WidthStep);
        return (strips, Math.Clamp((int)steps * WidthStep, Math.Min(maximum, least), maximum));
    }
}
