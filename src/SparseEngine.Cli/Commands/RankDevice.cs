using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using SparseEngine.Distributed;
using SparseEngine.Kernels;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Gpu;

namespace SparseEngine.Cli.Commands;

/// <summary>The device of a rank: each has a GPU of its own, unless all are told which to take.</summary>
internal static class RankDevice
{
    /// <summary>The ranks that see the GPUs that this one sees, in order. All ranks ask together.</summary>
    public static IReadOnlyList<RankPlace> Sharers(Communicator ranks)
    {
        // A launcher may show each rank another GPU, which is then number 0 of each.
        ImmutableArray<byte[]> views = ranks.Gather(Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") ?? ""));
        return [.. ranks.Places.Where(place => place.Host == ranks.Place.Host && views[place.Rank].AsSpan().SequenceEqual(views[ranks.Rank]))];
    }

    /// <summary>The device that a rank computes on.</summary>
    /// <param name="request">What the command line asks for.</param>
    /// <param name="sharers">The ranks that see the same GPUs.</param>
    /// <param name="own">Which of them this is.</param>
    /// <exception cref="DeviceException">There are fewer GPUs than ranks that see them.</exception>
    public static DeviceChoice Of(RunRequest request, IReadOnlyList<RankPlace> sharers, RankPlace own) =>
        sharers.Count == 1 || request.HasDeviceNumber || request.Device.Kind is not (DeviceKind.Auto or DeviceKind.Cuda or DeviceKind.OpenCl)
            ? request.Device
            : Of(request.Device, IlgpuDevice.Enumerate(), sharers, own);

    /// <summary>The device of one of those who share a host's.</summary>
    internal static DeviceChoice Of(
        DeviceChoice choice, IReadOnlyList<AcceleratorInfo> accelerators, IReadOnlyList<RankPlace> sharers, RankPlace own)
    {
        DeviceChoice first = choice.Resolve(accelerators);
        if (first.Kind is not (DeviceKind.Cuda or DeviceKind.OpenCl))
        {
            return first;
        }

        AcceleratorKind kind = first.Kind == DeviceKind.Cuda ? AcceleratorKind.Cuda : AcceleratorKind.OpenCl;
        int count = accelerators.Count(accelerator => accelerator.Kind == kind);
        if (count > 0 && count < sharers.Count)
        {
            string name = kind == AcceleratorKind.Cuda ? "CUDA" : "OpenCL";
            throw new DeviceException(string.Create(CultureInfo.InvariantCulture,
                $"host {own.Host} has {count} {name} device{(count == 1 ? "" : "s")} for {sharers.Count} ranks; "
                + $"valid: no more ranks than that, or --device {new DeviceChoice(first.Kind)}:N for all to share one"));
        }

        return first with { Index = sharers.TakeWhile(place => place.Rank != own.Rank).Count() };
    }
}
