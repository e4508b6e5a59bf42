using System.Runtime.InteropServices;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Host;

/// <summary>A pattern as the host's sparse kernels walk it: the rows of W and of its transpose, each cut into column tiles.</summary>
internal sealed class HostPattern : SparsePattern
{
    private readonly int[] permutation;

    /// <param name="csr">The pattern.</param>
    /// <param name="rows">The rows' partition.</param>
    /// <param name="columns">The columns' partition.</param>
    /// <param name="tileTokens">Tokens in a packed tile of activations.</param>
    public HostPattern(CsrPattern csr, RowPartition rows, RowPartition columns, int tileTokens)
        : base(csr)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(columns);
        if (rows.Boundaries[^1] != csr.Rows || columns.Boundaries[^1] != csr.ColumnCount)
        {
            throw new ArgumentException($"the partitions must cover {csr.Rows} rows and {csr.ColumnCount} columns");
        }

        CsrPattern transposed = Transpose(csr, out permutation);
        Forward = new TiledRows(csr, rows, tileTokens);
        Transposed = new TiledRows(transposed, columns, tileTokens);
        TileTokens = tileTokens;
    }

    /// <summary>Tokens in a packed tile.</summary>
    public int TileTokens { get; }

    /// <summary>The rows of W: output features.</summary>
    public TiledRows Forward { get; }

    /// <summary>The rows of the transpose: input features.</summary>
    public TiledRows Transposed { get; }

    /// <summary>For each non-zero of the transpose, its position in the values of W.</summary>
    public ReadOnlySpan<int> Permutation => permutation;

    /// <inheritdoc/>
    public override long Bytes => Forward.Bytes + Transposed.Bytes + ((long)permutation.Length * sizeof(int));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }

    // A counting sort by column: rows are visited in order, so they ascend within each column.
    private static CsrPattern Transpose(CsrPattern csr, out int[] permutation)
    {
        int[] pointers = new int[csr.ColumnCount + 1];
        foreach (int column in csr.Columns)
        {
            pointers[column + 1]++;
        }

        for (int column = 0; column < csr.ColumnCount; column++)
        {
            pointers[column + 1] += pointers[column];
        }

        int[] next = pointers[..^1];
        int[] rows = new int[csr.NonZeros];
        permutation = new int[csr.NonZeros];
        for (int row = 0; row < csr.Rows; row++)
        {
            for (int p = csr.RowPointers[row]; p < csr.RowPointers[row + 1]; p++)
            {
                int to = next[csr.Columns[p]]++;
                rows[to] = row;
                permutation[to] = p;
            }
        }

        return new CsrPattern(csr.ColumnCount, csr.Rows, pointers, rows);
    }
}

/// <summary>
/// A pattern cut into tiles of columns, so that a tile of activations stays in the L1 cache while all rows use it.
/// A row's non-zeros of one tile are consecutive positions, since columns ascend within a row.
/// </summary>
internal sealed class TiledRows
{
    // Enough non-zeros of a row in one tile to pay for loading and storing its accumulators.
    private const int NonZerosPerTile = 16;
    private const int MinimumWidth = 64;

    private readonly int[] starts;
    private readonly ushort[] offsets;

    public TiledRows(CsrPattern pattern, RowPartition partition, int tileTokens)
    {
        Rows = pattern.Rows;
        ColumnCount = pattern.ColumnCount;
        Partition = partition;
        Width = ChooseWidth(pattern, tileTokens);
        Tiles = Math.Max(1, (ColumnCount + Width - 1) / Width);
        starts = new int[(Tiles + 1) * Rows];
        offsets = new ushort[pattern.NonZeros];
        for (int row = 0; row < Rows; row++)
        {
            int p = pattern.RowPointers[row];
            int end = pattern.RowPointers[row + 1];
            for (int tile = 0; tile <= Tiles; tile++)
            {
                int firstColumn = tile * Width;
                for (; p < end && pattern.Columns[p] < firstColumn; p++)
                {
                    offsets[p] = (ushort)((pattern.Columns[p] - (firstColumn - Width)) * tileTokens);
                }

                starts[(tile * Rows) + row] = p;
            }
        }
    }

    public int Rows { get; }

    public int ColumnCount { get; }

    /// <summary>How the rows are shared out to the workers.</summary>
    public RowPartition Partition { get; }

    /// <summary>Columns in a tile.</summary>
    public int Width { get; }

    /// <summary>The number of tiles, 1 or more.</summary>
    public int Tiles { get; }

    /// <summary>The non-zeros of row r in tile t are the positions [Starts[t Rows + r], Starts[(t + 1) Rows + r]).</summary>
    public ReadOnlySpan<int> Starts => starts;

    /// <summary>For each non-zero, where its column starts in the packed tile, in floats.</summary>
    public ReadOnlySpan<ushort> Offsets => offsets;

    public long Bytes => ((long)starts.Length * sizeof(int)) + ((long)offsets.Length * sizeof(ushort));

    public ref int StartsReference => ref MemoryMarshal.GetArrayDataReference(starts);

    public ref ushort OffsetsReference => ref MemoryMarshal.GetArrayDataReference(offsets);

    private static int ChooseWidth(CsrPattern pattern, int tileTokens)
    {
        // Offsets are 16-bit counts of floats.
        int maximum = (ushort.MaxValue + 1) / tileTokens;
        double density = pattern.NonZeros / Math.Max(1.0, (double)pattern.Rows * pattern.ColumnCount);
        int width = MinimumWidth;
        while (width * density < NonZerosPerTile && width < maximum && width < pattern.ColumnCount)
        {
            width *= 2;
        }

        return Math.Min(width, maximum);
    }
}
