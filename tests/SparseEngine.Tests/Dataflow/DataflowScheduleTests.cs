using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow;

public class DataflowScheduleTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Each_non_zero_fires_exactly_once_and_no_zero_fires(int seed)
    {
        (bool[] keep, CsrPattern pattern, int workers) = RandomCase(seed);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        int[] fired = new int[keep.Length];
        for (int worker = 0; worker < workers; worker++)
        {
            foreach (RowSegment segment in schedule.SegmentsOf(worker))
            {
                for (int p = segment.Start; p < segment.End; p++)
                {
                    fired[(segment.Row * pattern.ColumnCount) + pattern.Columns[p]]++;
                }
            }
        }

        Assert.Equal(keep.Select(kept => kept ? 1 : 0), fired);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_worker_is_more_than_one_row_above_the_mean(int seed)
    {
        (_, CsrPattern pattern, int workers) = RandomCase(seed);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        int mean = (pattern.NonZeros + workers - 1) / workers;
        // A long row is split, so what a worker can exceed the mean by is one of the rows that are not.
        int row = Lengths(pattern).Where(length => (long)length * workers <= pattern.NonZeros).DefaultIfEmpty(0).Max();
        for (int worker = 0; worker < workers; worker++)
        {
            Assert.InRange(schedule.NonZerosOf(worker), 0, mean + Math.Max(row, 1));
            Assert.Equal(schedule.NonZerosOf(worker), schedule.SegmentsOf(worker).Sum(segment => segment.NonZeros));
            Assert.Equal(schedule.NonZerosOf(worker), schedule.ImbalanceOf(worker) * schedule.MeanNonZeros, pattern.NonZeros == 0 ? 1 : 1e-9);
        }

        Assert.Equal(Enumerable.Range(0, workers).Max(schedule.ImbalanceOf), schedule.Imbalance);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Workers_without_long_rows_have_the_row_blocks_that_devices_take(int seed)
    {
        (_, CsrPattern pattern, int workers) = RandomCase(seed);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        Assert.Equal(DataflowScheduler.PartitionRows(pattern, workers).Boundaries.ToArray(), schedule.WholeRows.Boundaries.ToArray());
        if (Lengths(pattern).All(length => (long)length * workers <= pattern.NonZeros))
        {
            int[] starts = [.. schedule.WholeRows.Boundaries.ToArray().Select(row => pattern.RowPointers[row])];
            Assert.Equal(starts, schedule.Boundaries.ToArray());
        }
    }

    [Fact]
    public void A_row_longer_than_a_share_is_split_among_workers()
    {
        CsrPattern pattern = CsrPattern.FromMask(
            3, 8,
            [
                true, false, false, false, false, false, false, false,
                true, true, true, true, true, true, true, true,
                false, false, false, false, false, true, true, true,
            ]);

        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers: 3);

        Assert.Equal([new RowSegment(0, 0, 1), new RowSegment(1, 1, 4)], schedule.SegmentsOf(0));
        Assert.Equal([new RowSegment(1, 4, 8)], schedule.SegmentsOf(1));
        Assert.Equal([new RowSegment(1, 8, 9), new RowSegment(2, 9, 12)], schedule.SegmentsOf(2));
        Assert.Equal(1, schedule.Imbalance);
        Assert.Equal([0, 1, 2, 3], schedule.WholeRows.Boundaries.ToArray());
    }

    [Fact]
    public void Weights_fire_row_by_row_with_ascending_columns()
    {
        (_, CsrPattern pattern, int workers) = RandomCase(7);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        int next = 0;
        foreach (RowSegment segment in Enumerable.Range(0, workers).SelectMany(schedule.SegmentsOf))
        {
            Assert.Equal(next, segment.Start);
            Assert.InRange(segment.Start, pattern.RowPointers[segment.Row], pattern.RowPointers[segment.Row + 1] - 1);
            next = segment.End;
        }

        Assert.Equal(pattern.NonZeros, next);
    }

    [Fact]
    public void There_is_at_least_one_worker() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DataflowSchedule.Create(CsrPattern.FromMask(1, 1, [true]), workers: 0));

    private static IEnumerable<int> Lengths(CsrPattern pattern)
    {
        int[] pointers = pattern.RowPointers.ToArray();
        return pointers.Skip(1).Zip(pointers, (end, start) => end - start);
    }

    // Rows of very unequal density, empty ones among them; shapes down to nothing; more workers than rows or non-zeros in many cases.
    private static (bool[] Keep, CsrPattern Pattern, int Workers) RandomCase(int seed)
    {
        Random random = new(seed);
        int rows = random.Next(0, 40);
        int columns = random.Next(0, 60);
        bool[] keep = new bool[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            double density = random.Next(4) switch { 0 => 0, 1 => 1, _ => Math.Pow(random.NextDouble(), 3) };
            for (int column = 0; column < columns; column++)
            {
                keep[(row * columns) + column] = random.NextDouble() < density;
            }
        }

        return (keep, CsrPattern.FromMask(rows, columns, keep), random.Next(1, 70));
    }
}
