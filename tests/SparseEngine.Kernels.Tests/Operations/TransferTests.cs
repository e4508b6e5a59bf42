using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class TransferTests
{
    private static readonly (int Rows, int Columns)[] Shapes = [(0, 3), (1, 1), (1, 17), (17, 1), (63, 65), (3, 1000)];

    /// <summary>What arithmetic would change: both zeros, NaN of any payload, infinity, subnormal numbers.</summary>
    private static readonly uint[] Odd = [0x80000000, 0, 0x7FC00000, 0xFFC12345, 0x7F800001, 0x7F800000, 0xFF800000, 1, 0x807FFFFF];

    [Theory]
    [EveryDevice]
    public void Numbers_keep_their_places_and_their_bits_and_what_was_not_there_is_zero(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach ((int rows, int columns) in family.CasesOf(Shapes, shape => shape.Rows * shape.Columns, largest: 65))
            {
                Inputs inputs = new(rows + columns);
                CsrPattern?[] patterns =
                    [null, .. new[] { 0, 0.5, 0.9, 1 }.Select(sparsity => inputs.Pattern(rows, columns, sparsity))];
                foreach (CsrPattern? from in patterns)
                {
                    foreach (CsrPattern? to in patterns)
                    {
                        int count = from?.NonZeros ?? (rows * columns);
                        uint[] source = [.. Enumerable.Range(0, count).Select(i => i % 3 == 0 ? Odd[i / 3 % Odd.Length] : (uint)i)];
                        Assert.True(
                            Expected(from, to, rows * columns, source).SequenceEqual(Moved(device, from, to, rows, columns, source)),
                            $"{rows} x {columns}, {from?.NonZeros} to {to?.NonZeros}, {device.Description}");
                    }
                }
            }
        }
    }

    /// <summary>A weight's values and moments have the same places: what the device needs to know of them goes there once.</summary>
    [Theory]
    [EveryDevice]
    public void Buffers_move_one_after_the_other_between_patterns_that_are_paired_once(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            using Workspace workspace = new(device, poisoned: false);
            Inputs inputs = new(3);
            CsrPattern from = inputs.Pattern(9, 13, 0.5);
            CsrPattern to = inputs.Pattern(9, 13, 0.5);
            using PatternPair patterns = device.Pair(from, to, 9, 13);
            int allocations = 0;
            for (uint offset = 0; offset < 3; offset++)
            {
                uint[] source = [.. Enumerable.Range(0, from.NonZeros).Select(i => (uint)i + offset)];
                DeviceBuffer<float> numbers = workspace.Upload([.. source.Select(BitConverter.UInt32BitsToSingle)]);
                DeviceBuffer<float> moved = workspace.Buffer(to.NonZeros);
                int before = (device as IlgpuDevice)?.Allocations ?? 0;
                device.Transfer(patterns, numbers, moved);
                allocations += ((device as IlgpuDevice)?.Allocations ?? 0) - before;
                Assert.Equal(Expected(from, to, 9 * 13, source), Workspace.Download(moved).Select(BitConverter.SingleToUInt32Bits));
            }

            Assert.Equal(device is IlgpuDevice ? 2 : 0, allocations);
            Assert.Throws<ArgumentException>(() => device.Pair(from, to, 13, 9));
            Assert.Throws<ArgumentException>(() => device.Transfer(patterns, workspace.Buffer(from.NonZeros - 1), workspace.Buffer(to.NonZeros)));
        }
    }

    private static uint[] Moved(ComputeDevice device, CsrPattern? from, CsrPattern? to, int rows, int columns, uint[] source)
    {
        using Workspace workspace = new(device, poisoned: false);
        DeviceBuffer<float> destination = workspace.Buffer(to?.NonZeros ?? (rows * columns));
        device.Transfer(from, to, rows, columns, workspace.Upload([.. source.Select(BitConverter.UInt32BitsToSingle)]), destination);
        return [.. Workspace.Download(destination).Select(BitConverter.SingleToUInt32Bits)];
    }

    private static uint[] Expected(CsrPattern? from, CsrPattern? to, int elements, uint[] source)
    {
        Dictionary<int, uint> held = ElementsOf(from, elements).Zip(source).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. ElementsOf(to, elements).Select(element => held.GetValueOrDefault(element))];
    }

    private static IEnumerable<int> ElementsOf(CsrPattern? pattern, int elements)
    {
        if (pattern is null)
        {
            return Enumerable.Range(0, elements);
        }

        List<int> places = [];
        for (int row = 0; row < pattern.Rows; row++)
        {
            foreach (int column in pattern.Columns[pattern.RowPointers[row]..pattern.RowPointers[row + 1]])
            {
                places.Add((row * pattern.ColumnCount) + column);
            }
        }

        return places;
    }
}
