namespace SparseEngine.Kernels.Host;

/// <summary>
/// How SDDMM's rows and column tiles are cut into parts. A share of rows packs all of x that it meets, a share of tiles reads all of dy that it
/// meets: of all ways to cut, the one whose parts take least. With two parts that is the one in which both read the smaller operand.
/// </summary>
internal readonly struct SddmmCut
{
    // What a column to pack, and a row of dy to read, take for a tile of tokens, in non-zeros.
    private const int ColumnCost = 2;
    private const int RowCost = 2;

    private readonly FiringOrder order;
    private readonly bool byRows;

    /// <param name="order">The matrix.</param>
    /// <param name="parts">The most parts that are wanted.</param>
    public SddmmCut(FiringOrder order, int parts)
    {
        this.order = order;
        double least = double.PositiveInfinity;
        for (int rows = Math.Clamp(order.GroupCount, 1, parts); rows >= 1; rows--)
        {
            int tiles = Math.Min(parts / rows, order.Tiles);
            double ofRows = order.LargestShare(rows);
            double ofTiles = (double)((order.Tiles + tiles - 1) / tiles) / order.Tiles;
            double time = ((order.NonZeros + ((double)RowCost * order.Rows * order.Tiles)) * ofRows * ofTiles)
                + (ColumnCost * order.ColumnCount * ofTiles) + (RowCost * order.Rows * ofRows);
            if (time < least)
            {
                least = time;
                (RowShares, TileShares) = (rows, tiles);
            }
        }

        byRows = RowShares >= TileShares;
    }

    /// <summary>Shares of the rows.</summary>
    public int RowShares { get; }

    /// <summary>Shares of the column tiles.</summary>
    public int TileShares { get; }

    /// <summary>The number of parts.</summary>
    public int Parts => RowShares * TileShares;

    /// <summary>The groups of rows [FirstGroup, EndGroup) and column tiles [FirstTile, EndTile) of a part: neighbours share what is read.</summary>
    public (int FirstGroup, int EndGroup, int FirstTile, int EndTile) Of(int part)
    {
        int row = byRows ? part / TileShares : part % RowShares;
        int tile = byRows ? part % TileShares : part / RowShares;
        return (
            order.Cut(row, RowShares, times: 1).Group, order.Cut(row + 1, RowShares, times: 1).Group,
            (int)((long)order.Tiles * tile / TileShares), (int)((long)order.Tiles * (tile + 1) / TileShares));
    }
}
