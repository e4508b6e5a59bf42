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
                device.ForEach(count, done.Add);
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
            InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => device.ForEach(1000, item =>
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
            device.ForEach(10, next.Add);
            Assert.Equal(10, next.Count);
        }
    }

    [Fact]
    public void On_the_host_items_go_side_by_side_and_one_by_one_with_a_profile()
    {
        using HostDevice device = HostDevice.Create(2);
        using Barrier meeting = new(2);
        device.ForEach(2, _ => Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1))));

        device.Profile = new Profile();
        int thread = Environment.CurrentManagedThreadId;
        using DeviceBuffer<float> weight = device.Allocate<float>(4);
        using DeviceBuffer<byte> keep = device.Allocate<byte>(4);
        device.ForEach(10, _ =>
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
            device.ForEach(moved.Length, item => moved[item] = Moved(device, item));
            Assert.Equal(Enumerable.Range(0, moved.Length).Select(item => Moved(device, item)), moved);
        }
    }

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
