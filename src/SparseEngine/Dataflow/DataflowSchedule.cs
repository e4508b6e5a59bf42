using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Dataflow;

/// <summary>Which worker fires which non-zeros of a weight, and in which order.</summary>
/// <remarks>
/// Workers take consecutive blocks of rows with about equal non-zeros. A row with more non-zeros than a worker's mean share is long: it is split where the
/// shares end, so that no worker has more than the mean, rounded up, and one row. What a device takes are the same blocks with
/// long rows left whole (<see cref="WholeRows"/>), since each output element is summed by one core in a fixed order.
/// </remarks>
internal sealed class DataflowSchedule
{
    private readonly int[] boundaries;

    private DataflowSchedule(CsrPattern pattern, RowPartition wholeRows, int[] boundaries)
    {
        Pattern = pattern;
        WholeRows = wholeRows;
        this.boundaries = boundaries;
    }

    /// <summary>The weight's pattern.</summary>
    public CsrPattern Pattern { get; }

    /// <summary>The number of workers; some may have nothing to fire.</summary>
    public int Workers => boundaries.Length - 1;

    /// <summary>The same blocks without split rows: the partition that devices compute by.</summary>
    public RowPartition WholeRows { get; }

    /// <summary>Worker w fires the positions [Boundaries[w], Boundaries[w + 1]) of the pattern's columns, in ascending order.</summary>
    public ReadOnlySpan<int> Boundaries => boundaries;

    /// <summary>The mean of the workers' non-zeros.</summary>
    public double MeanNonZeros => (double)Pattern.NonZeros / Workers;

    /// <summary>The largest worker's non-zeros over the mean: 1 is perfect balance, and what an empty weight has.</summary>
    public double Imbalance => Enumerable.Range(0, Workers).Max(ImbalanceOf);

    /// <summary>Shares a weight out.</summary>
    /// <param name="pattern">The weight's pattern.</param>
    /// <param name="workers">The number of workers, 1 or more.</param>
    public static DataflowSchedule Create(CsrPattern pattern, int workers)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        RowPartition wholeRows = RowPartition.EqualNonZeros(pattern.RowPointers, workers);
        int[] boundaries = new int[workers + 1];
        for (int worker = 1; worker <= workers; worker++)
        {
            int share = (int)((long)pattern.NonZeros * worker / workers);
            bool split = worker < workers && LengthOfRowAt(pattern, share) * (long)workers > pattern.NonZeros;
            boundaries[worker] = split ? share : pattern.RowPointers[wholeRows.Boundaries[worker]];
        }

        return new DataflowSchedule(pattern, wholeRows, boundaries);
    }

    /// <summary>The number of non-zeros that a worker fires.</summary>
    public int NonZerosOf(int worker) => boundaries[worker + 1] - boundaries[worker];

    /// <summary>A worker's non-zeros over the mean.</summary>
    public double ImbalanceOf(int worker) => Pattern.NonZeros == 0 ? 1 : NonZerosOf(worker) / MeanNonZeros;

    /// <summary>A worker's rows and pieces of rows, in the order they fire. Rows without non-zeros are left out.</summary>
    public IEnumerable<RowSegment> SegmentsOf(int worker)
    {
        int start = boundaries[worker];
        int end = boundaries[worker + 1];
        for (int row = start < end ? RowAt(Pattern, start) : 0; start < end; row++)
        {
            int rowEnd = Math.Min(end, Pattern.RowPointers[row + 1]);
            if (rowEnd > start)
            {
                yield return new RowSegment(row, start, rowEnd);
                start = rowEnd;
            }
        }
    }

    private static int LengthOfRowAt(CsrPattern pattern, int position)
    {
        if (position >= pattern.NonZeros)
        {
            return 0;
        }

        int row = RowAt(pattern, position);
        return pattern.RowPointers[row + 1] - pattern.RowPointers[row];
    }

    // The row that a non-zero belongs to: the last one that starts at or before it and is not empty.
    private static int RowAt(CsrPattern pattern, int position)
    {
        int low = 0;
        int high = pattern.Rows;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (pattern.RowPointers[middle] <= position)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
