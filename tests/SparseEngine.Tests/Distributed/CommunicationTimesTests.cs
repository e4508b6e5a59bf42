using System.Diagnostics;
using SparseEngine.DataParallel;
using SparseEngine.Kernels.Devices.Profiling;
using SparseEngine.Kernels.Host;
using SparseEngine.Metrics;

namespace SparseEngine.Tests.Distributed;

/// <summary>What a profile tells of communication.</summary>
public sealed class CommunicationTimesTests : IDisposable
{
    private readonly HostDevice device = HostDevice.Create(1);
    private readonly Profile profile = new();

    public CommunicationTimesTests() => device.Profile = profile;

    [Fact]
    public void Messages_side_by_side_are_hidden_once_and_only_until_one_is_waited_for()
    {
        // Ten seconds ago in thousandths: what is waited for is there by now.
        long origin = Stopwatch.GetTimestamp() - (10 * Stopwatch.Frequency);
        CommunicationTimes times = new(device);
        times.Started();
        times.Waited("gradients", At(0), At(100), At(200));
        times.Waited("gradients", At(50), At(150), At(9000));
        times.Waited("gradients", At(100), At(9100), At(9000));

        Assert.Equal(200, Total("gradients, hidden", OperationKind.HiddenCommunication).TotalMilliseconds, 1e-3);
        Assert.InRange(Total("gradients, waited for", OperationKind.Communication).TotalMilliseconds, 9800 + 1000 + 1000, 1e6);

        long At(int milliseconds) => origin + (milliseconds * Stopwatch.Frequency / 1000);
    }

    [Fact]
    public void A_trace_has_both_and_only_the_waiting_is_part_of_its_time()
    {
        using TemporaryDirectory folder = new();
        long now = Stopwatch.GetTimestamp();
        profile.AddCommunication("gradients, hidden", hidden: true, now, now + Stopwatch.Frequency);
        profile.AddCommunication("gradients, waited for", hidden: false, now, now + (Stopwatch.Frequency / 2));
        string path = Path.Combine(folder.Path, ChromeTrace.FileName);
        ChromeTrace.Write(profile, path);

        OperationTotal total = Assert.Single(ChromeTrace.ReadTotals(path));
        Assert.Equal(("gradients, waited for", OperationKind.Communication), (total.Name, total.Kind));
        Assert.Equal(0.5, total.Time.TotalSeconds, 1e-6);
        Assert.Contains("gradients, hidden", File.ReadAllText(path), StringComparison.Ordinal);
    }

    public void Dispose() => device.Dispose();

    private TimeSpan Total(string name, OperationKind kind) =>
        profile.Totals.Single(total => total.Name == name && total.Kind == kind).Time;
}
