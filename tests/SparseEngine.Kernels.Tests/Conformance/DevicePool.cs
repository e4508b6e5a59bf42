using System.Collections.Concurrent;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Tests.Conformance;

[assembly: AssemblyFixture(typeof(DevicePool))]

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>
/// The families' devices, which one test after the other uses: opening one takes ILGPU seconds, since it compiles every kernel anew.
/// A test has them to itself, so there are as many of a family as tests that run side by side.
/// </summary>
public sealed class DevicePool : IDisposable
{
    private static readonly ConcurrentDictionary<DeviceFamily, ConcurrentStack<ComputeDevice[]>> Idle = [];

    public void Dispose()
    {
        foreach (ComputeDevice device in Idle.Values.SelectMany(stack => stack).SelectMany(devices => devices))
        {
            device.Dispose();
        }

        Idle.Clear();
    }

    internal static BorrowedDevices Borrow(DeviceFamily family)
    {
        ConcurrentStack<ComputeDevice[]> idle = Idle.GetOrAdd(family, _ => []);
        return new BorrowedDevices(idle.TryPop(out ComputeDevice[]? devices) ? devices : family.Open(), idle);
    }
}

/// <summary>A family's devices until they are given back.</summary>
internal sealed class BorrowedDevices(ComputeDevice[] devices, ConcurrentStack<ComputeDevice[]> idle) : IDisposable
{
    public IReadOnlyList<ComputeDevice> All => devices;

    public void Dispose() => idle.Push(devices);
}
