using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

namespace SparseEngine.Kernels.Tests.Operations;

/// <summary>Copies between buffers and memory whose pages are locked.</summary>
public class LockedPagesTests
{
    [Theory]
    [EveryDevice]
    public void Copies_from_and_to_locked_pages_are_those_of_any_memory(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        foreach (ComputeDevice device in devices.All)
        {
            float[] locked = GC.AllocateArray<float>(100, pinned: true);
            for (int i = 0; i < locked.Length; i++)
            {
                locked[i] = i;
            }

            using DeviceBuffer<float> buffer = device.Allocate<float>(50);
            using (device.LockPages(locked))
            {
                buffer.CopyFrom(locked.AsSpan(30, 20), offset: 10);
                buffer.CopyFrom(locked.AsSpan(0, 0));
                buffer.CopyFrom(new float[] { 7 }, offset: 49);
                device.Wait();
                locked.AsSpan().Fill(-1);
                buffer.CopyTo(locked.AsSpan(40, 50));
                device.Wait();
            }

            Assert.Equal([-1, 0, 0, 30, 31], [locked[39], locked[40], locked[49], locked[50], locked[51]]);
            Assert.Equal([49, 0, 7, -1], [locked[69], locked[70], locked[89], locked[90]]);

            // What is no longer locked is read before the copy returns.
            float[] changed = [1, 2];
            buffer.CopyFrom(changed);
            buffer.CopyFrom(locked.AsSpan(89, 1), offset: 2);
            locked[89] = 0;
            float[] read = new float[3];
            buffer.CopyTo(read);
            Assert.Equal([1, 2, 7], read);
        }
    }

    [Theory]
    [EveryDevice]
    public void Nothing_can_be_locked(DeviceFamily family)
    {
        using BorrowedDevices devices = DevicePool.Borrow(family);
        devices.All[0].LockPages([]).Dispose();
        Assert.Throws<ArgumentNullException>(() => devices.All[0].LockPages(null!));
    }
}
