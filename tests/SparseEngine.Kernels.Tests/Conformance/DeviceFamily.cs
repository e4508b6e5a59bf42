using System.Reflection;
using SparseEngine.Kernels.Devices;
using Xunit.Sdk;
using Xunit.v3;

namespace SparseEngine.Kernels.Tests.Conformance;

/// <summary>Devices that must give the same bits. A new device is one more name here and one more line in <see cref="DeviceFamilies.Open"/>.</summary>
public enum DeviceFamily
{
    HostVector128,
    HostVector256,
    HostVector512,
}

internal static class DeviceFamilies
{
    /// <summary>The family's members; the host's differ in their number of threads.</summary>
    public static ComputeDevice[] Open(this DeviceFamily family) => family switch
    {
        DeviceFamily.HostVector128 => Host(SimdWidth.Vector128),
        DeviceFamily.HostVector256 => Host(SimdWidth.Vector256),
        DeviceFamily.HostVector512 => Host(SimdWidth.Vector512),
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };

    private static ComputeDevice[] Host(SimdWidth width) => [HostDevice.Create(1, width), HostDevice.Create(2, width), HostDevice.Create(3, width)];
}

/// <summary>Runs a theory once for each <see cref="DeviceFamily"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EveryDeviceAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Enum.GetValues<DeviceFamily>().Select(family => new TheoryDataRow<DeviceFamily>(family))]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
