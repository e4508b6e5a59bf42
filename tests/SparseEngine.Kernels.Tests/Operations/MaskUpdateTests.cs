using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class MaskUpdateTests
{
    private static readonly (int Rows, int Columns)[] Shapes = [(1, 1), (1, 17), (17, 1), (5, 4), (63, 65), (3, 1000)];

    /// <summary>Weights and gradients that a selection may trip over.</summary>
    private static readonly Func<int, int, float>[] Numbers =
    [
        (_, i) => (float)new Inputs(i).Normal(),
        (_, i) => ((i * 7 % 5) - 2) / 4f,
        (_, _) => -0.25f,
        (_, i) => i % 3 == 0 ? float.NaN : i % 5 == 1 ? float.NegativeInfinity : i % 7 == 2 ? float.MaxValue : i % 2 == 0 ? -0f : float.Epsilon * i,
        (length, i) => length - i,
    ];

    [Theory]
    [EveryDevice]
    public void An_update_keeps_what_its_definition_says(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            Random random = new(5);
            foreach ((int rows, int columns) in family.CasesOf(Shapes, shape => shape.Rows * shape.Columns, largest: 65))
            {
                foreach (Update update in UpdatesOf(rows, columns, random, device is HostDevice ? 4 : 1))
                {
                    byte[] expected = update.Expected();
                    Assert.True(expected.SequenceEqual(update.Run(device)), $"{update}, {device.Description}");
                    Assert.Equal(update.Arguments.Kept * update.Arguments.Groups.Count, expected.Count(flag => flag == 1));
                }
            }
        }
    }

    /// <summary>Weights that are large enough for their parts to go to several threads.</summary>
    [Theory]
    [InlineData(257, 311, 1, 1)]
    [InlineData(3, 30_011, 1, 1)]
    [InlineData(30_011, 3, 1, 3)]
    [InlineData(96, 800, 96, 1)]
    [InlineData(96, 800, 2, 1)]
    public void An_update_is_the_same_on_any_number_of_threads(int rows, int columns, int rowGroups, int columnGroups)
    {
        Inputs inputs = new(rows);
        int elements = rows * columns;
        MaskGroups groups = rowGroups > 1 ? MaskGroups.OfRows(rowGroups) : MaskGroups.OfColumns(columnGroups);
        bool[] alive = [.. inputs.Integers(elements, 4).Select(number => number == 0)];
        float[] weights = [.. inputs.Integers(elements, 1000).Select(number => (number - 500) / 7f)];
        float[] gradients = [.. inputs.Integers(elements, 1000).Select(number => (number - 500) / 3f)];
        using HostDevice one = HostDevice.Create(1);
        using HostDevice two = HostDevice.Create(2);
        using HostDevice three = HostDevice.Create(3);
        using HostDevice eight = HostDevice.Create(8);
        foreach (MaskGrowth growth in Enum.GetValues<MaskGrowth>())
        {
            MaskUpdate arguments = new(0.7, groups.SizeOf(rows, columns) * 3 / 10, growth, new Pcg64([5, 100]), groups);
            Update update = new(
                arguments, rows, columns, MaskUpdateReference.GroupsOf(rows, columns, rowGroups, columnGroups), alive, weights, gradients);
            byte[] expected = update.Run(one);
            Assert.Equal(arguments.Kept * groups.Count, expected.Count(flag => flag == 1));
            Assert.All([two, three, eight], device => Assert.True(expected.SequenceEqual(update.Run(device)), $"{growth}, {device.Description}"));
        }
    }

    [Theory]
    [InlineData(0, 10, 100, 0)]
    [InlineData(1, 10, 100, 10)]
    [InlineData(1, 10, 9, 9)]
    [InlineData(1 - 0.3, 10, 100, 7)]
    [InlineData(0.3, 10, 100, 3)]
    [InlineData(1 - 0.9, 10, 100, 0)]
    [InlineData(0.1 * 3, 10, 100, 3)]
    [InlineData(0.29, 100, 100, 28)]
    [InlineData(0.5, 0, 5, 0)]
    public void As_many_stay_as_the_product_in_double_precision_rounded_down(double share, int alive, int kept, int staying) =>
        Assert.Equal(staying, new MaskUpdate(share, kept, MaskGrowth.Lowest, default).Staying(alive));

    [Fact]
    public void Groups_of_a_weight_are_blocks_of_its_rows_or_of_its_columns()
    {
        Assert.Equal((1, 24), (default(MaskGroups).Count, default(MaskGroups).SizeOf(4, 6)));
        Assert.Equal((2, 12), (MaskGroups.OfRows(2).Count, MaskGroups.OfRows(2).SizeOf(4, 6)));
        Assert.Equal((3, 8), (MaskGroups.OfColumns(3).Count, MaskGroups.OfColumns(3).SizeOf(4, 6)));
        Assert.Equal(default, MaskGroups.OfRows(1));
        Assert.Equal(default, MaskGroups.OfColumns(1));
        Assert.NotEqual(MaskGroups.OfRows(2), MaskGroups.OfColumns(2));
        Assert.Throws<ArgumentException>(() => MaskGroups.OfRows(3).SizeOf(4, 6));
        Assert.Throws<ArgumentException>(() => MaskGroups.OfColumns(4).SizeOf(4, 6));
        Assert.Throws<ArgumentOutOfRangeException>(() => MaskGroups.OfRows(0));
    }

    /// <summary>Every growth with everything else drawn, and what lies at the limits.</summary>
    private static IEnumerable<Update> UpdatesOf(int rows, int columns, Random random, int repetitions)
    {
        int elements = rows * columns;
        (int Rows, int Columns)[] groups =
        [
            .. Divisors(rows).Select(count => (count, 1)), .. Divisors(columns).Select(count => (1, count)),
        ];
        foreach (MaskGrowth growth in Enum.GetValues<MaskGrowth>())
        {
            for (int i = 0; i < 6 * repetitions; i++)
            {
                (int Rows, int Columns) group = i % 2 == 0 ? (1, 1) : groups[random.Next(groups.Length)];
                int size = elements / group.Rows / group.Columns;
                double share = new[] { 0, 0.3, 1 - 0.3, 1 }[random.Next(4)];
                int kept = new[] { 0, size / 4, random.Next(size + 1), size }[random.Next(4)];
                double density = new[] { 0, 0.25, 0.5, 1 }[random.Next(4)];
                bool[] alive = [.. Enumerable.Range(0, elements).Select(_ => random.NextDouble() < density)];
                Func<int, int, float> weight = Numbers[random.Next(Numbers.Length)];
                Func<int, int, float> gradient = Numbers[random.Next(Numbers.Length)];
                MaskGroups maskGroups = group.Rows > 1 ? MaskGroups.OfRows(group.Rows) : MaskGroups.OfColumns(group.Columns);
                yield return new Update(
                    new MaskUpdate(share, kept, growth, new Pcg64([1234 + i, 100]), maskGroups), rows, columns,
                    MaskUpdateReference.GroupsOf(rows, columns, group.Rows, group.Columns), i % 5 == 4 ? null : alive,
                    [.. Enumerable.Range(0, elements).Select(e => weight(elements, e))],
                    [.. Enumerable.Range(0, elements).Select(e => gradient(elements, e))]);
            }
        }
    }

    private static IEnumerable<int> Divisors(int number) => Enumerable.Range(1, number).Where(divisor => number % divisor == 0);

    /// <summary>An update and the weight that it is for; without <paramref name="Alive"/> all of it is.</summary>
    private sealed record Update(
        MaskUpdate Arguments, int Rows, int Columns, int[] Groups, bool[]? Alive, float[] Weights, float[] Gradients)
    {
        public byte[] Expected() =>
            MaskUpdateReference.Select(Arguments, Groups, Alive ?? [.. Weights.Select(_ => true)], Weights, Gradients);

        public byte[] Run(ComputeDevice device)
        {
            using Workspace workspace = new(device, poisoned: false);
            CsrPattern? csr = Alive is null ? null : CsrPattern.FromMask(Rows, Columns, Alive);
            float[] values = Weights;
            if (csr is not null)
            {
                values = new float[csr.NonZeros];
                csr.Gather(Weights, values);
            }

            // Values are read and not written; scratch and flags hold anything.
            float[] scores = Arguments.Growth == MaskGrowth.Gradient ? Gradients : [.. Gradients.Select(_ => float.NaN)];
            DeviceBuffer<float> weights = workspace.Upload(values);
            DeviceBuffer<byte> keep = workspace.Upload([.. Weights.Select(_ => (byte)77)]);
            device.UpdateMask(Arguments, csr is null ? null : workspace.Pattern(csr), Rows, Columns, weights, workspace.Upload(scores), keep);
            Assert.Equal(values.Select(BitConverter.SingleToUInt32Bits), Workspace.Download(weights).Select(BitConverter.SingleToUInt32Bits));
            return Workspace.Download(keep);
        }
    }
}
