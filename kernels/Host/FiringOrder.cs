using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>
/// The order in which a matrix's non-zeros meet the activations. Columns are cut into tiles, so that a tile of activations stays
/// in the L1 cache while many rows use it; rows into groups that never span two blocks of the partition. Non-zeros fire
/// group by group, tile by tile, row by row, and what the kernels read of them streams by in that order: in CSR order the
/// same tile's pieces of long rows lie pages apart.
/// </summary>
/// <remarks>A group's non-zeros are the same consecutive positions as in CSR, in another order.</remarks>
internal sealed class FiringOrder
{
    // Rows of a group; the last one of a block may have fewer.
    private const int GroupRows = 256;

    // A group's non-zeros in a tile, so that 16-bit numbers count them.
    private const int LargestPiece = ushort.MaxValue + 1;

    // Non-zeros of a row in one tile, on average, that pay for loading and storing its sums: measured, docs/performance.md.
    private const int NonZerosPerTile = 10;

    // A tile this large fills the L1 cache. A larger one is read from L2, since rows visit it from end to end; it pays where a
    // smaller one would hold too few non-zeros.
    private const int TileBytes = 32768;

    private const int WidthStep = 16;

    // Tokens of a tile: fewer make too little of each non-zero that is read.
    private const int ShortestRow = 64;

    private readonly CsrPattern pattern;
    private readonly int[] groups;
    private readonly int[] blockGroups;
    private readonly ushort[] lengths;
    private readonly ushort[] offsets;

    /// <param name="pattern">The matrix.</param>
    /// <param name="partition">Its rows' partition.</param>
    /// <param name="stripTokens">Tokens in a strip of a packed tile of activations.</param>
    public FiringOrder(CsrPattern pattern, RowPartition partition, int stripTokens)
    {
        this.pattern = pattern;
        Partition = partition;
        (Strips, Width) = ChooseTile(pattern, stripTokens);
        Tiles = Math.Max(1, (ColumnCount + Width - 1) / Width);
        lengths = new ushort[Tiles * Rows];
        (groups, blockGroups) = GroupsOf(partition, GroupRows);
        if (CountNonZeros() > LargestPiece)
        {
            (groups, blockGroups) = GroupsOf(partition, LargestPiece / Width);
            CountNonZeros();
        }

        offsets = new ushort[pattern.NonZeros];
        ushort[] rowOffsets = new ushort[pattern.NonZeros];
        for (int p = 0; p < rowOffsets.Length; p++)
        {
            rowOffsets[p] = (ushort)(pattern.Columns[p] % Width * stripTokens);
        }

        for (int block = 0; block < partition.Blocks; block++)
        {
            Gather<ushort>(block, rowOffsets, offsets);
        }
    }

    public int Rows => pattern.Rows;

    public int ColumnCount => pattern.ColumnCount;

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

    /// <summary>The groups of the partition's block b are [BlockGroups[b], BlockGroups[b + 1]).</summary>
    public ReadOnlySpan<int> BlockGroups => blockGroups;

    /// <summary>The non-zeros of a group that starts with row r start at RowPointers[r], in CSR and in firing order.</summary>
    public ReadOnlySpan<int> RowPointers => pattern.RowPointers;

    /// <summary>For each group, tile and row, the number of the row's non-zeros in the tile. A group that starts with row r starts at r Tiles.</summary>
    public ReadOnlySpan<ushort> Lengths => lengths;

    /// <summary>For each non-zero in firing order, where its column starts in a strip of the packed tile, in floats.</summary>
    public ReadOnlySpan<ushort> Offsets => offsets;

    public long Bytes => ((long)lengths.Length * sizeof(ushort)) + ((long)offsets.Length * sizeof(ushort));

    /// <summary>The number of columns in the tiles [first, end).</summary>
    public int ColumnsOf(int first, int end) => Math.Min(ColumnCount, end * Width) - (first * Width);

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

    /// <summary>Copies one item a non-zero of a block from CSR order into firing order.</summary>
    public void Gather<T>(int block, ReadOnlySpan<T> source, Span<T> destination)
    {
        Span<int> next = stackalloc int[GroupRows];
        for (int group = blockGroups[block]; group < blockGroups[block + 1]; group++)
        {
            int first = groups[group];
            int rows = groups[group + 1] - first;
            RowPointers.Slice(first, rows).CopyTo(next);
            Span<T> to = destination[RowPointers[first]..];
            ReadOnlySpan<ushort> counts = Lengths.Slice(first * Tiles, rows * Tiles);
            for (int tile = 0; tile < Tiles; tile++)
            {
                for (int i = 0; i < rows; i++)
                {
                    int count = counts[(tile * rows) + i];
                    source.Slice(next[i], count).CopyTo(to);
                    next[i] += count;
                    to = to[count..];
                }
            }
        }
    }

    /// <summary>Copies the values of a block from CSR order into firing order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void GatherValues(int block, float* values, float* fired)
    {
        int* next = stackalloc int[GroupRows];
        for (int group = blockGroups[block]; group < blockGroups[block + 1]; group++)
        {
            int rows = StartGroup(group, values, next);
            float* to = fired + RowPointers[groups[group]];
            ReadOnlySpan<ushort> counts = Lengths.Slice(groups[group] * Tiles, rows * Tiles);
            for (int tile = 0; tile < Tiles; tile++)
            {
                ReadOnlySpan<ushort> ofTile = counts.Slice(tile * rows, rows);
                for (int i = 0; i < rows; i++)
                {
                    int count = ofTile[i];
                    float* from = values + next[i];
                    Prefetch(from + count);
                    Copy(from, to, count);
                    next[i] += count;
                    to += count;
                }
            }
        }
    }

    /// <summary>Copies, or adds, the gradients of a block from firing order into CSR order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void ScatterGradients(int block, float* fired, float* gradient, bool accumulate)
    {
        int* next = stackalloc int[GroupRows];
        for (int group = blockGroups[block]; group < blockGroups[block + 1]; group++)
        {
            int rows = StartGroup(group, gradient, next);
            float* from = fired + RowPointers[groups[group]];
            ReadOnlySpan<ushort> counts = Lengths.Slice(groups[group] * Tiles, rows * Tiles);
            for (int tile = 0; tile < Tiles; tile++)
            {
                ReadOnlySpan<ushort> ofTile = counts.Slice(tile * rows, rows);
                for (int i = 0; i < rows; i++)
                {
                    int count = ofTile[i];
                    float* to = gradient + next[i];
                    Prefetch(to + count);
                    if (accumulate)
                    {
                        Add(from, to, count);
                    }
                    else
                    {
                        Copy(from, to, count);
                    }

                    next[i] += count;
                    from += count;
                }
            }
        }
    }

    // Each row's position, and its first values on their way.
    private unsafe int StartGroup(int group, float* inCsrOrder, int* next)
    {
        int first = groups[group];
        int rows = groups[group + 1] - first;
        for (int i = 0; i < rows; i++)
        {
            next[i] = RowPointers[first + i];
            Prefetch(inCsrOrder + next[i]);
        }

        return rows;
    }

    // The row's values of the next tile: pieces of a few lines at most, a row apart, which the hardware does not foresee.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(float* piece)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(piece);
            Sse.Prefetch0(piece + NonZerosPerTile);
        }
    }

    // A few values: a call to memmove would cost more than the copy. The last vector overlaps the one before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Copy(float* from, float* to, int count)
    {
        if (count >= 8)
        {
            for (int p = 0; p < count - 8; p += 8)
            {
                Vector256.Load(from + p).Store(to + p);
            }

            Vector256.Load(from + count - 8).Store(to + count - 8);
        }
        else if (count >= 4)
        {
            Vector128<float> head = Vector128.Load(from);
            Vector128.Load(from + count - 4).Store(to + count - 4);
            head.Store(to);
        }
        else
        {
            for (int p = 0; p < count; p++)
            {
                to[p] = from[p];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Add(float* from, float* to, int count)
    {
        int p = 0;
        for (; p + 8 <= count; p += 8)
        {
            (Vector256.Load(to + p) + Vector256.Load(from + p)).Store(to + p);
        }

        for (; p < count; p++)
        {
            to[p] += from[p];
        }
    }

    private static (int Strips, int Width) ChooseTile(CsrPattern pattern, int stripTokens)
    {
        // Offsets are 16-bit counts of floats.
        int maximum = (ushort.MaxValue + 1) / stripTokens;
        double density = Math.Max(pattern.NonZeros / Math.Max(1.0, (double)pattern.Rows * pattern.ColumnCount), (double)NonZerosPerTile / maximum);
        int stripColumns = TileBytes / sizeof(float) / stripTokens;

        // Of half the tokens twice the columns fit: worth it where a row has few non-zeros in a tile, unless the tile's rows get too short.
        int strips = stripTokens >= ShortestRow && density * stripColumns / 2 < NonZerosPerTile ? 1 : 2;
        double steps = Math.Round(NonZerosPerTile / density / WidthStep);
        return (strips, Math.Clamp((int)steps * WidthStep, Math.Min(maximum, stripColumns / strips), maximum));
    }

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

    // Fills in the lengths, and returns the largest number of non-zeros that a group has in a tile.
    private int CountNonZeros()
    {
        int largest = 0;
        Array.Clear(lengths);
        for (int group = 0; group < groups.Length - 1; group++)
        {
            int first = groups[group];
            int rows = groups[group + 1] - first;
            Span<ushort> counts = lengths.AsSpan(first * Tiles, rows * Tiles);
            for (int i = 0; i < rows; i++)
            {
                for (int p = RowPointers[first + i]; p < RowPointers[first + i + 1]; p++)
                {
                    counts[(pattern.Columns[p] / Width * rows) + i]++;
                }
            }

            for (int tile = 0; tile < Tiles; tile++)
            {
                int sum = 0;
                foreach (ushort count in counts.Slice(tile * rows, rows))
                {
                    sum += count;
                }

                largest = Math.Max(largest, sum);
            }
        }

        return largest;
    }
}
