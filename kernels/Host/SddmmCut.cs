namespace SparseEngine.Kernels.Host;

/// <summary>
/// How SDDMM's rows and column tiles are cut into parts: as many shares of each as together read and pack the least. A share of rows packs all of x
/// that it meets, a share of tiles reads all of dy; with two parts the smaller operand is read by both.
/// </summary>
internal readonly struct SddmmCut
{
    private readonly FiringOrder order;
    private readonly bool byRows;

    /// <param name="order">The matrix.</param>
    /// <param name="parts">The parts that are wanted; a few more, where shares do not divide.</param>
    public SddmmCut(FiringOrder order, int parts)
    {
        this.order = order;
        (RowShares, TileShares) = (1, 1);
        long least = long.MaxValue;
        for (int rows = Math.Clamp(order.GroupCount, 1, parts); rows >= 1; rows--)
        {
            int tiles = (parts + rows - 1) / rows;
            long cost = ((long)rows * order.ColumnCount) + ((long)tiles * order.Rows);
            if (tiles <= order.Tiles && cost < least)
            {
                least = cost;
                (RowShares, TileShares) = (rows, tiles);
            }
        }

        if (least == long.MaxValue)
        {
            (RowShares, TileShares) = (Math.Clamp(order.GroupCount, 1, parts), order.Tiles);
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
