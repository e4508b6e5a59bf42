namespace SparseEngine.Kernels.Host;

/// <summary>
/// Blocks of C, each summed in the order of k by one worker, so that no result depends on them. A block packs its rows of A and its columns of B for
/// itself: few large blocks pack least, and blocks that do not divide among the workers leave some idle. Of all shapes that take about the least
/// time the one with the most blocks is taken.
/// </summary>
internal readonly record struct GemmBlocks(int Rows, int Columns)
{
    // What more blocks may cost: a two-hundredth.
    private const double Tolerance = 1.005;

    private const int MostRounds = 8;

    /// <summary>Chooses the blocks of a result.</summary>
    /// <param name="m">Its rows.</param>
    /// <param name="n">Its columns.</param>
    /// <param name="tile">Rows of the microkernel's tile.</param>
    /// <param name="panel">Columns of the microkernel's tile: two vectors.</param>
    /// <param name="mostColumns">The most columns of a block.</param>
    /// <param name="workers">The workers.</param>
    public static GemmBlocks Of(int m, int n, int tile, int panel, int mostColumns, int workers)
    {
        GemmBlocks best = new(Math.Max(m, 1), mostColumns);
        if (workers == 1)
        {
            return best;
        }

        double least = double.PositiveInfinity;
        for (int columns = mostColumns; columns >= 4 * panel; columns /= 2)
        {
            int acrossColumns = (n + columns - 1) / columns;
            for (int rounds = 1; rounds <= MostRounds; rounds++)
            {
                // The most blocks of rows that so many rounds of the workers do.
                int blocks = Math.Max(1, rounds * workers / Math.Max(1, acrossColumns));
                GemmBlocks candidate = new(Math.Max(4 * tile, RoundUp((m + blocks - 1) / blocks, tile)), columns);
                double time = candidate.Time(m, n, panel, workers);
                if (time < least / Tolerance || (time < least * Tolerance && candidate.Count(m, n) > best.Count(m, n)))
                {
                    least = Math.Min(least, time);
                    best = candidate;
                }
            }
        }

        return best;

        static int RoundUp(int length, int multiple) => (length + multiple - 1) / multiple * multiple;
    }

    /// <summary>The number of blocks.</summary>
    public int Count(int m, int n) => ((m + Rows - 1) / Rows) * ((n + Columns - 1) / Columns);

    // Cycles for each k: a multiply-add of a panel's two vectors and one row takes one, packing an element about one.
    private double Time(int m, int n, int panel, int workers)
    {
        int columns = Math.Min(Columns, n);
        int rows = Math.Min(Rows, m);
        int rounds = (Count(m, n) + workers - 1) / workers;
        return rounds * (((double)rows * columns / panel) + rows + columns);
    }
}
