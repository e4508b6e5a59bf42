using System.Diagnostics;
using SparseEngine.Kernels.Devices;
using SparseEngine.Kernels.Devices.Profiling;

namespace SparseEngine.DataParallel;

/// <summary>Writes down in a device's profile, where it has one, how long messages were waited for, and how long computation hid them.</summary>
/// <remarks>Where several are under way side by side, or one is waited for while others are, that time counts once.</remarks>
internal sealed class CommunicationTimes(ComputeDevice device)
{
    private const string WaitedFor = "waited for";
    private long hiddenUntil;
    private long waitingFrom;
    private long waitingUntil;
    private bool isWaiting;

    /// <summary>Messages have begun: what is waited for after that is waited for anew.</summary>
    public void Started() => isWaiting = false;

    /// <summary>Messages were waited for, and are there.</summary>
    /// <param name="what">What they carry.</param>
    /// <param name="started">When they began, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="ended">When they were there.</param>
    /// <param name="began">When the wait began.</param>
    public void Waited(string what, long started, long ended, long began)
    {
        if (device.Profile is not { } profile)
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        profile.AddCommunication($"{what}, {WaitedFor}", hidden: false, began, now);

        // Hidden is what was neither counted for an earlier message nor spent waiting for one.
        long from = Math.Max(started, hiddenUntil);
        long until = Math.Min(ended, began);
        if (waitingUntil > from)
        {
            Hidden(profile, what, from, Math.Min(until, waitingFrom));
            from = waitingUntil;
        }

        Hidden(profile, what, from, until);
        waitingFrom = isWaiting ? waitingFrom : began;
        waitingUntil = now;
        isWaiting = true;
    }

    /// <summary>Numbers were added up while nothing was computed.</summary>
    /// <param name="what">What they are.</param>
    /// <param name="began">When that began, in ticks of <see cref="Stopwatch"/>.</param>
    public void Waited(string what, long began) =>
        device.Profile?.AddCommunication($"{what}, {WaitedFor}", hidden: false, began, Stopwatch.GetTimestamp());

    private void Hidden(Profile profile, string what, long from, long until)
    {
        if (until > from)
        {
            profile.AddCommunication($"{what}, hidden", hidden: true, from, until);
            hiddenUntil = until;
        }
    }
}
