using SparseEngine.Dataflow;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Tests.Dataflow;

public class DataflowScheduleTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_row_and_column_belongs_to_one_worker_even_where_workers_outnumber_them(int seed)
    {
        (CsrPattern pattern, int workers) = RandomCase(seed);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        AssertCovers(schedule.Rows, workers, pattern.Rows);
        AssertCovers(schedule.Columns, workers, pattern.ColumnCount);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_worker_is_more_than_one_row_above_the_mean(int seed)
    {
        (CsrPattern pattern, int workers) = RandomCase(seed);
        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers);

        int[] perRow = new int[pattern.Rows];
        int[] perColumn = new int[pattern.ColumnCount];
        for (int row = 0; row < pattern.Rows; row++)
        {
            foreach (int column in pattern.Columns[pattern.RowPointers[row]..pattern.RowPointers[row + 1]])
            {
                perRow[row]++;
                perColumn[column]++;
            }
        }

        AssertBalanced(schedule.Rows, perRow, pattern.NonZeros);
        AssertBalanced(schedule.Columns, perColumn, pattern.NonZeros);
    }

    [Fact]
    public void Rows_and_columns_are_split_by_their_non_zeros()
    {
        // Row 0 has four non-zeros, rows 1 to 4 one each; column 3 has four, the others one or two.
        CsrPattern pattern = CsrPattern.FromMask(5, 4,
        [
            true, true, true, true,
            false, false, false, true,
            false, false, false, true,
            true, false, false, false,
            false, false, false, true,
        ]);

        DataflowSchedule schedule = DataflowSchedule.Create(pattern, workers: 2);

        Assert.Equal([0, 1, 5], schedule.Rows.Boundaries.ToArray());
        Assert.Equal([0, 3, 4], schedule.Columns.Boundaries.ToArray());
    }

    [Fact]
    public void There_is_at_least_one_worker() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DataflowSchedule.Create(CsrPattern.FromMask(1, 1, [true]), workers: 0));

    private static void AssertCovers(RowPartition partition, int blocks, int end)
    {
        int[] boundaries = partition.Boundaries.ToArray();
        Assert.Equal(blocks, partition.Blocks);
        Assert.Equal(0, boundaries[0]);
        Assert.Equal(end, boundaries[^1]);
        Assert.Equal(boundaries.Order(), boundaries);
    }

    private static void AssertBalanced(RowPartition partition, int[] nonZeros, int total)
    {
        int mean = (total + partition.Blocks - 1) / partition.Blocks;
        int longest = nonZeros.DefaultIfEmpty(0).Max();
        for (int block = 0; block < partition.Blocks; block++)
        {
            int share = nonZeros[partition.Boundaries[block]..partition.Boundaries[block + 1]].Sum();
            Assert.InRange(share, 0, mean + longest);
        }
    }

    // Rows of very unequal density, empty ones among them; shapes down to nothing; more workers than rows or non-zeros in many cases.
    private static (CsrPattern Pattern, int Workers) RandomCase(int seed)
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

        return (CsrPattern.FromMask(rows, columns, keep), random.Next(1, 70));
    }
}
