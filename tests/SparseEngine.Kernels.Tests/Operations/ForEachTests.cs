using System.Collections.Concurrent;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

public class ForEachTests
{
    [Theory]
    [EveryDevice]
    public void Every_item_is_done_once(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach (int count in new[] { 0, 1, 2, 3, 100 })
            {
                ConcurrentBag<int> done = [];
                device.ForEach(Equal(count), done.Add);
                Assert.Equal(Enumerable.Range(0, count), done.Order());
            }
        }
    }

    [Theory]
    [EveryDevice]
    public void What_an_item_throws_reaches_the_caller_and_the_device_goes_on(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            int done = 0;
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => device.ForEach(Equal(1000), item =>
            {
                Interlocked.Increment(ref done);
                if (item == 3)
                {
                    throw new InvalidOperationException("item 3");
                }
            }));
            Assert.Equal("item 3", error.Message);
            Assert.InRange(done, 1, 1000);

            ConcurrentBag<int> next = [];
            device.ForEach(Equal(10), next.Add);
            Assert.Equal(10, next.Count);
        }
    }

    [Fact]
    public void On_the_host_items_go_side_by_side_and_one_by_one_with_a_profile()
    {
        using HostDevice device = HostDevice.Create(2);
        using Barrier meeting = new(2);
        device.ForEach(Equal(2), _ => Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1))));

        device.Profile = new Profile();
        int thread = Environment.CurrentManagedThreadId;
        using DeviceBuffer<float> weight = device.Allocate<float>(4);
        using DeviceBuffer<byte> keep = device.Allocate<byte>(4);
        device.ForEach(Equal(10), _ =>
        {
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            device.SelectMask(new MaskArguments(MaskScore.Random, new Pcg64(1), 2), weight, keep);
        });
        Assert.Equal(10, Assert.Single(device.Profile.Totals).Calls);
    }

    /// <summary>All that the masks of many weights need, with more of them than threads.</summary>
    [Theory]
    [EveryDevice]
    public void Masks_of_many_weights_move_as_one_after_the_other(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            float[][] moved = new float[device is HostDevice ? 12 : 2][];
            device.ForEach(Equal(moved.Length), item => moved[item] = Moved(device, item));
            Assert.Equal(Enumerable.Range(0, moved.Length).Select(item => Moved(device, item)), moved);
        }
    }

    /// <summary>Of those larger than their share each has all threads, from the largest on; the others go side by side.</summary>
    [Fact]
    public void On_the_host_an_item_that_would_keep_the_others_waiting_goes_before_them_with_all_threads()
    {
        using HostDevice device = HostDevice.Create(2);
        int caller = Environment.CurrentManagedThreadId;
        using Barrier meeting = new(2);
        ConcurrentQueue<int> done = [];
        device.ForEach([3, 8, 3, 20], item =>
        {
            if (item is 1 or 3)
            {
                Assert.Equal(caller, Environment.CurrentManagedThreadId);
                device.ForRanges(2, 1, (_, _) => Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1))));
            }
            else
            {
                Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1)));
                int thread = Environment.CurrentManagedThreadId;
                device.ForRanges(100, 1, (first, end) => Assert.Equal((thread, 0, 100), (Environment.CurrentManagedThreadId, first, end)));
            }

            done.Enqueue(item);
        });
        Assert.Equal([3, 1], done.Take(2));
        Assert.Equal([0, 2], done.Skip(2).Order());
    }

    [Theory]
    [EveryDevice]
    public void Ranges_are_what_there_is_without_gaps_and_start_at_multiples(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            foreach ((int count, int multiple) in new[] { (0, 1), (1, 64), (64, 64), (65, 64), (1000, 64), (7, 1), (1000, 7) })
            {
                ConcurrentBag<(int First, int End)> ranges = [];
                device.ForRanges(count, multiple, (first, end) => ranges.Add((first, end)));
                Assert.Equal(
                    Enumerable.Range(0, count), ranges.Order().SelectMany(range => Enumerable.Range(range.First, range.End - range.First)));
                Assert.All(ranges.Where(range => range.First < range.End), range => Assert.Equal(0, range.First % multiple));
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => device.ForRanges(1, 0, (_, _) => Assert.Fail("there is no such range")));
        }
    }

    private static long[] Equal(int count) => [.. Enumerable.Repeat(1L, count)];

    private static float[] Moved(ComputeDevice device, int item)
    {
        int rows = 3 + (item * 5);
        const int Columns = 40;
        int elements = rows * Columns;
        using DeviceBuffer<float> weight = device.Allocate<float>(elements);
        using DeviceBuffer<float> scores = device.Allocate<float>(elements);
        using DeviceBuffer<byte> keep = device.Allocate<byte>(elements);
        weight.CopyFrom([.. new Inputs(item).Vector(elements).Select(value => (float)value)]);
        device.SelectMask(new MaskArguments(MaskScore.Magnitude, new Pcg64(item), elements / 3), weight, keep);
        CsrPattern before = device.Compress(keep, rows, Columns);
        using SparsePattern prepared = Prepare(device, before);
        using DeviceBuffer<float> values = device.Allocate<float>(before.NonZeros);
        device.Transfer(null, before, rows, Columns, weight, values);
        device.UpdateMask(
            new MaskUpdate(0.7, elements / 2, MaskGrowth.Random, new Pcg64([item, 1])), prepared, rows, Columns, values, scores, keep);
        CsrPattern after = device.Compress(keep, rows, Columns);
        using SparsePattern preparedAfter = Prepare(device, after);
        using DeviceBuffer<float> moved = device.Allocate<float>(after.NonZeros);
        device.Transfer(before, after, rows, Columns, values, moved);
        float[] result = new float[elements];
        device.Transfer(after, null, rows, Columns, moved, weight);
        weight.CopyTo(result);
        return result;
    }

    private static SparsePattern Prepare(ComputeDevice device, CsrPattern csr) => device.Prepare(
        csr, RowPartition.EqualNonZeros(csr.RowPointers, device.Cores), RowPartition.EqualNonZeros(csr.ColumnPointers(), device.Cores));
}
