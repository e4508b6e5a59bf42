using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Sparse;

/// <summary>What is cut into parts comes out as it does in one: here the last part is done first, and there may be more parts than rows.</summary>
public class PartsTests
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 300), (300, 1), (5, 4), (63, 65), (12, 130), (0, 3), (3, 0)];

    private static readonly float[] Odd = [float.NaN, -0f, 0f, float.PositiveInfinity, 1, -1, float.Epsilon, float.MaxValue];

    public static TheoryData<int> Parts => [2, 3, 8, 17];

    [Theory]
    [MemberData(nameof(Parts))]
    public void An_update_moves_the_same_elements(int parts)
    {
        Backwards workers = new(parts);
        foreach ((int rows, int columns) in Shapes)
        {
            Inputs inputs = new(rows + columns);
            foreach ((CsrPattern? pattern, float[] values) in Weights(inputs, rows, columns))
            {
                foreach (MaskUpdate update in UpdatesOf(rows, columns))
                {
                    float[] gradient = Numbers(inputs, rows * columns);
                    bool[] expected = new bool[gradient.Length];
                    bool[] keep = new bool[gradient.Length];
                    update.Select(pattern, rows, columns, values, [.. gradient], expected);
                    update.Select(workers, pattern, rows, columns, values, [.. gradient], keep);
                    Assert.True(expected.SequenceEqual(keep), $"{rows} x {columns}, {pattern?.NonZeros}, {update}");
                    Assert.Equal(update.Kept * update.Groups.Count, keep.Count(flag => flag));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_choice_keeps_the_same_elements(int parts)
    {
        Backwards workers = new(parts);
        foreach ((int rows, int columns) in Shapes)
        {
            float[] weight = Numbers(new Inputs(rows - columns), rows * columns);
            foreach (MaskScore score in Enum.GetValues<MaskScore>())
            {
                foreach (MaskGroups groups in GroupsOf(rows, columns))
                {
                    int size = groups.SizeOf(rows, columns);
                    foreach (int kept in new[] { 0, size / 3, size * 9 / 10, size })
                    {
                        MaskArguments arguments = new(score, new Pcg64(kept), kept, groups);
                        bool[] expected = new bool[weight.Length];
                        bool[] keep = new bool[weight.Length];
                        arguments.Select(rows, columns, weight, new float[weight.Length], expected);
                        arguments.Select(workers, rows, columns, weight, new float[weight.Length], keep);
                        Assert.True(expected.SequenceEqual(keep), $"{rows} x {columns}, {arguments}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Patterns_of_flags_their_transposes_and_transfers_between_them_are_the_same(int parts)
    {
        Backwards workers = new(parts);
        foreach ((int rows, int columns) in Shapes)
        {
            Inputs inputs = new(rows * columns);
            (CsrPattern? Pattern, float[] Values)[] weights = [.. Weights(inputs, rows, columns)];
            foreach ((CsrPattern? pattern, float[] values) in weights)
            {
                foreach ((CsrPattern? to, float[] others) in weights)
                {
                    float[] expected = new float[others.Length];
                    float[] moved = [.. others.Select(_ => float.NaN)];
                    CsrPattern.Transfer(OneWorker.Instance, pattern, to, values, expected);
                    CsrPattern.Transfer(workers, pattern, to, values, moved);
                    Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), moved.Select(BitConverter.SingleToUInt32Bits));
                }

                if (pattern is null)
                {
                    continue;
                }

                float[] dense = new float[rows * columns];
                pattern.Scatter([.. values.Select(_ => 1f)], dense, elsewhere: 0);
                bool[] keep = [.. dense.Select(element => element != 0)];
                AssertEqual(pattern, CsrPattern.FromMask(workers, rows, columns, keep));
                int[] expectedPermutation = new int[pattern.NonZeros];
                int[] permutation = new int[pattern.NonZeros];
                AssertEqual(pattern.Transpose(OneWorker.Instance, expectedPermutation), pattern.Transpose(workers, permutation));
                Assert.Equal(expectedPermutation, permutation);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Firing_orders_and_gathers_are_the_same(int parts)
    {
        Backwards workers = new(parts);

        // No fours of rows, which would share their columns where there are all or none, and need no transpose.
        foreach ((int rows, int columns, int blocks) in new[] { (701, 900, 3), (5, 4, 8), (1, 2000, 2), (2001, 1, 2) })
        {
            foreach (double sparsity in new[] { 0, 0.8, 1 })
            {
                CsrPattern csr = new Inputs(rows).Pattern(rows, columns, sparsity);
                RowPartition ofRows = RowPartition.EqualNonZeros(csr.RowPointers, blocks);
                RowPartition ofColumns = RowPartition.EqualNonZeros(csr.ColumnPointers(), blocks);
                using HostPattern expected = new(OneWorker.Instance, csr, ofRows, ofColumns, stripTokens: 64);
                using HostPattern pattern = new(workers, csr, ofRows, ofColumns, stripTokens: 64);
                AssertEqual(expected.Forward, pattern.Forward);
                AssertEqual(expected.Transposed!, pattern.Transposed!);
                Assert.Equal(Gathered(expected), Gathered(pattern));
            }
        }
    }

    private static unsafe float[] Gathered(HostPattern pattern)
    {
        float[] values = [.. Enumerable.Range(0, pattern.Csr.NonZeros).Select(position => (float)position), 0];
        float[] fired = new float[values.Length];
        using WorkerScratch scratch = new();
        fixed (float* from = values, to = fired)
        {
            for (int block = 0; block < pattern.Transposed!.Partition.Blocks; block++)
            {
                pattern.TransposedGather!.Run(block, from, to, scratch);
            }
        }

        return fired;
    }

    private static void AssertEqual(FiringOrder expected, FiringOrder order)
    {
        Assert.Equal(expected.Groups, order.Groups);
        Assert.Equal(expected.RowOrder, order.RowOrder);
        Assert.Equal(expected.Lengths, order.Lengths);
        Assert.Equal(expected.Offsets, order.Offsets);
    }

    private static void AssertEqual(CsrPattern expected, CsrPattern pattern)
    {
        Assert.Equal((expected.Rows, expected.ColumnCount), (pattern.Rows, pattern.ColumnCount));
        Assert.Equal(expected.RowPointers, pattern.RowPointers);
        Assert.Equal(expected.Columns.ToArray(), pattern.Columns.ToArray());
    }

    /// <summary>A dense weight, and sparse ones.</summary>
    private static IEnumerable<(CsrPattern? Pattern, float[] Values)> Weights(Inputs inputs, int rows, int columns)
    {
        yield return (null, Numbers(inputs, rows * columns));
        foreach (double sparsity in new[] { 0, 0.6, 0.97, 1 })
        {
            CsrPattern pattern = inputs.Pattern(rows, columns, sparsity);
            yield return (pattern, Numbers(inputs, pattern.NonZeros));
        }
    }

    /// <summary>Numbers with many equal ones among them, and such as are none.</summary>
    private static float[] Numbers(Inputs inputs, int length) =>
    [
        .. inputs.Integers(length, 40).Select(number => number < 30 ? (number - 15) / 4f : number < 38 ? Odd[number - 30] : (float)inputs.Normal()),
    ];

    private static IEnumerable<MaskUpdate> UpdatesOf(int rows, int columns)
    {
        foreach (MaskGrowth growth in Enum.GetValues<MaskGrowth>())
        {
            foreach (MaskGroups groups in GroupsOf(rows, columns))
            {
                int size = groups.SizeOf(rows, columns);
                foreach (int kept in new[] { 0, size / 3, size * 9 / 10, size })
                {
                    yield return new MaskUpdate(0.7, kept, growth, new Pcg64([kept, 3]), groups);
                }
            }
        }
    }

    private static IEnumerable<MaskGroups> GroupsOf(int rows, int columns) =>
    [
        default,
        .. new[] { 3, rows }.Where(count => count > 1 && rows % count == 0).Select(MaskGroups.OfRows),
        .. new[] { 5, columns }.Where(count => count > 1 && columns % count == 0).Select(MaskGroups.OfColumns),
    ];

    /// <summary>As many parts as it is told, whatever there is to do, from the last to the first.</summary>
    private sealed class Backwards(int parts) : IWorkers
    {
        public int PartsFor(long elements) => parts;

        public void Run<TParts>(int count, TParts work)
            where TParts : struct, IParts, allows ref struct
        {
            for (int part = count - 1; part >= 0; part--)
            {
                work.Do(part);
            }
        }
    }
}
