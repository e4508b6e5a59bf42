using System.Text.Json;
using SparseEngine.Distributed.Mpi;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Gpu;
using SparseEngine.Kernels.Host;
using SparseEngine.Metrics;

namespace SparseEngine.Cli.Output;

/// <summary>A row of <c>devices</c>.</summary>
/// <param name="Device">What --device calls it.</param>
/// <param name="Description">What it is.</param>
/// <param name="MemoryBytes">Bytes of its memory.</param>
/// <param name="Multiprocessors">Cores of the host, multiprocessors of a GPU.</param>
/// <param name="IsAuto">Whether --device auto takes it.</param>
/// <param name="Features">What ILGPU reports as available.</param>
/// <param name="Mpi">Of the host: what brings together the processes of a run, and its file; null where there is none.</param>
internal sealed record ListedDevice(
    string Device, string Description, long MemoryBytes, int Multiprocessors, bool IsAuto, IReadOnlyList<string> Features, string? Mpi)
{
    /// <summary>The host and the accelerators.</summary>
    public static IReadOnlyList<ListedDevice> All(IReadOnlyList<AcceleratorInfo> accelerators, MpiLibrary? mpi)
    {
        DeviceChoice automatic = new DeviceChoice(DeviceKind.Auto).Resolve(accelerators);
        using HostDevice host = HostDevice.Create(Environment.ProcessorCount);
        List<ListedDevice> devices =
        [
            Of(
                new DeviceChoice(DeviceKind.Host), host.Description, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, host.Cores, [],
                mpi?.ToString()),
        ];
        devices.AddRange(accelerators.Select(info => Of(ChoiceOf(info), info.Name, info.MemoryBytes, info.Multiprocessors, info.Capabilities)));
        return devices;

        ListedDevice Of(
            DeviceChoice choice, string description, long memory, int multiprocessors, IReadOnlyList<string> features, string? mpi = null) =>
            new($"{choice}", description, memory, multiprocessors, choice == automatic, features, mpi);
    }

    private static DeviceChoice ChoiceOf(AcceleratorInfo info) => info.Kind switch
    {
        AcceleratorKind.Cuda => new DeviceChoice(DeviceKind.Cuda, info.Index),
        AcceleratorKind.OpenCl => new DeviceChoice(DeviceKind.OpenCl, info.Index),
        _ => new DeviceChoice(DeviceKind.IlgpuCpu),
    };
}

/// <summary>What <c>devices</c> prints.</summary>
internal static class DeviceTable
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Lays out the devices.</summary>
    public static ColumnTable Of(IReadOnlyList<ListedDevice> devices)
    {
        ColumnTable table = new(
            new("--device"), new("what it is", Wraps: true), Column.OfNumbers("memory"), Column.OfNumbers("multiprocessors", givesWay: 1),
            new("ILGPU features", Wraps: true));
        foreach (ListedDevice device in devices)
        {
            table.AddRow(
                device.IsAuto ? $"{device.Device} (auto)" : device.Device, device.Description, Quantity.Bytes(device.MemoryBytes),
                $"{device.Multiprocessors}", string.Join(", ", device.Features));
        }

        return table;
    }

    /// <summary>The same as JSON.</summary>
    public static string Json(IReadOnlyList<ListedDevice> devices) => JsonSerializer.Serialize(devices, Options);
}
