using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class MaskTests
{
    // Awkward sizes, and one with several elements in each of the GPU's ranges.
    private static readonly int[] Lengths = [0, 1, 3, 17, 63, 65, 1000, 40_001];

    /// <summary>Weights that a selection may trip over.</summary>
    private static readonly (string Name, Func<int, float[]> Values)[] Weights =
    [
        ("normal", length => [.. new Inputs(7).Vector(length).Select(value => (float)value)]),
        ("ties", length => [.. Enumerable.Range(0, length).Select(i => ((i * 7 % 5) - 2) / 4f)]),
        ("equal", length => [.. Enumerable.Repeat(0.5f, length)]),
        ("zeros of both signs", length => [.. Enumerable.Range(0, length).Select(i => i % 3 == 0 ? -0f : 0f)]),
        ("all NaN", length => [.. Enumerable.Repeat(float.NaN, length)]),
        ("some not finite",
            length => [.. Enumerable.Range(0, length).Select(i => i % 4 == 1 ? float.NaN : i % 9 == 2 ? float.NegativeInfinity : i / 100f)]),
        ("large, small and subnormal",
            length => [.. Enumerable.Range(0, length).Select(i => i % 2 == 0 ? float.MaxValue / (i + 1) : float.Epsilon * i)]),
    ];

    [Theory]
    [EveryDevice]
    public void The_highest_scores_stay_and_ties_go_to_the_lowest_index(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach (int length in family.CasesOf(Lengths, length => length, largest: 65))
            {
                foreach ((string name, Func<int, float[]> values) in Weights)
                {
                    float[] weight = values(length);
                    foreach (MaskScore score in Enum.GetValues<MaskScore>())
                    {
                        foreach (int kept in new[] { 0, length / 4, length - (length / 10), length }.Distinct())
                        {
                            MaskArguments arguments = new(score, new Pcg64(1234 + length), kept);
                            Assert.True(
                                Expected(arguments, weight).SequenceEqual(Selected(device, arguments, weight)),
                                $"{name}, {length} elements, {score}, {kept} kept, {device.Description}");
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void A_number_of_kept_elements_that_there_are_not_is_refused(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            Assert.ThrowsAny<ArgumentException>(() => Selected(device, new MaskArguments(MaskScore.Random, new Pcg64(1), 4), [1, 2, 3]));
            Assert.ThrowsAny<ArgumentException>(() => Selected(device, new MaskArguments(MaskScore.Magnitude, new Pcg64(1), -1), [1, 2, 3]));
        }
    }

    [Theory]
    [EveryDevice]
    public void Compression_keeps_the_flagged_elements_in_order_and_their_transpose_ascends(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach ((int rows, int columns, int zeros) in (IEnumerable<(int, int, int)>)
                [(1, 1, 0), (3, 17, 50), (65, 63, 90), (130, 40, 50), (40, 1000, 99), (5, 4, 100), (0, 5, 0), (5, 0, 0)])
            {
                Random random = new(rows + columns);
                bool[] keep = [.. Enumerable.Range(0, rows * columns).Select(_ => random.Next(100) >= zeros)];
                float[] dense = [.. Enumerable.Range(0, keep.Length).Select(i => i % 11 == 3 ? float.NaN : i + 0.5f)];
                CsrPattern expected = CsrPattern.FromMask(rows, columns, keep);
                float[] expectedValues = new float[expected.NonZeros];
                expected.Gather([.. dense.Select(value => float.IsNaN(value) ? 0 : value)], expectedValues);

                using DeviceBuffer<float> source = Upload(device, dense);
                using DeviceBuffer<byte> flags = Upload(device, [.. keep.Select(kept => (byte)(kept ? 1 : 0))]);
                CsrPattern alone = device.Compress(flags, rows, columns);
                Assert.Equal(expected.RowPointers, alone.RowPointers);
                Assert.Equal(expected.Columns.ToArray(), alone.Columns.ToArray());
                (CsrPattern pattern, DeviceBuffer<float> values) = device.Compress(source, flags, rows, columns);
                using (values)
                {
                    float[] actual = new float[values.Length];
                    values.CopyTo(actual);
                    Assert.Equal(expected.RowPointers, pattern.RowPointers);
                    Assert.Equal(expected.Columns.ToArray(), pattern.Columns.ToArray());
                    Assert.Equal(expectedValues, actual);
                }
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void In_groups_each_keeps_its_highest_scores(DeviceFamily family)
    {
        const int Rows = 12;
        const int Columns = 30;
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach ((string name, Func<int, float[]> values) in Weights)
            {
                float[] weight = values(Rows * Columns);
                foreach ((int rowGroups, int columnGroups) in (IEnumerable<(int, int)>)[(1, 1), (3, 1), (12, 1), (1, 5), (1, 30)])
                {
                    MaskGroups groups = rowGroups > 1 ? MaskGroups.OfRows(rowGroups) : MaskGroups.OfColumns(columnGroups);
                    foreach (MaskScore score in Enum.GetValues<MaskScore>())
                    {
                        MaskArguments arguments = new(score, new Pcg64(7), groups.SizeOf(Rows, Columns) / 3, groups);
                        int[] groupOf = MaskUpdateReference.GroupsOf(Rows, Columns, rowGroups, columnGroups);
                        using DeviceBuffer<float> elements = Upload(device, weight);
                        using DeviceBuffer<byte> keep = Upload(device, [.. Enumerable.Repeat((byte)77, weight.Length)]);
                        device.SelectMask(arguments, Rows, Columns, elements, keep);
                        byte[] flags = new byte[weight.Length];
                        keep.CopyTo(flags);
                        Assert.True(
                            Expected(arguments, weight, groupOf).SequenceEqual(flags), $"{name}, {groups}, {score}, {device.Description}");
                    }
                }
            }
        }
    }

    /// <summary>By definition: a stable sort by falling score.</summary>
    private static byte[] Expected(MaskArguments arguments, float[] weight) => Expected(arguments, weight, new int[weight.Length]);

    private static byte[] Expected(MaskArguments arguments, float[] weight, int[] groups)
    {
        Pcg64 generator = arguments.Generator;
        float[] scores = new float[weight.Length];
        for (int i = 0; i < weight.Length; i++)
        {
            bool finite = float.IsFinite(weight[i]);
            float draw = arguments.Score == MaskScore.Random || !finite ? generator.NextSingle() : 0;
            scores[i] = !finite ? -draw : arguments.Score == MaskScore.Random ? draw : Math.Abs(weight[i]);
        }

        byte[] keep = new byte[weight.Length];
        foreach (IGrouping<int, int> group in Enumerable.Range(0, weight.Length).GroupBy(i => groups[i]))
        {
            foreach (int i in group.OrderByDescending(i => scores[i]).ThenByDescending(i => float.IsNegative(scores[i]) ? 0 : 1).Take(arguments.Kept))
            {
                keep[i] = 1;
            }
        }

        return keep;
    }

    private static byte[] Selected(ComputeDevice device, MaskArguments arguments, float[] weight)
    {
        using DeviceBuffer<float> elements = Upload(device, weight);
        using DeviceBuffer<byte> keep = Upload(device, [.. Enumerable.Repeat((byte)77, weight.Length)]);
        device.SelectMask(arguments, elements, keep);
        byte[] flags = new byte[weight.Length];
        keep.CopyTo(flags);
        return flags;
    }

    private static DeviceBuffer<T> Upload<T>(ComputeDevice device, T[] values)
        where T : unmanaged
    {
        DeviceBuffer<T> buffer = device.Allocate<T>(values.Length);
        buffer.CopyFrom(values);
        return buffer;
    }
}
