using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>The time that the calling thread has had a core, on Linux; elsewhere the time of day, which counts what others take too.</summary>
internal static partial class ThreadClock
{
    private const int ThreadTime = 3;
    private const int Looks = 10_000;
    private const long Second = 1_000_000_000;

    /// <summary>Nanoseconds since some moment.</summary>
    public static long Now()
    {
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess && Read(ThreadTime, out TimeOfClock time) == 0)
        {
            return (time.Seconds * Second) + time.Nanoseconds;
        }

        return (long)(Stopwatch.GetTimestamp() * ((double)Second / Stopwatch.Frequency));
    }

    /// <summary>The nanoseconds that a look at it takes.</summary>
    public static long Look()
    {
        long start = Now();
        for (int i = 1; i < Looks; i++)
        {
            Now();
        }

        return (Now() - start) / Looks;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int Read(int clock, out TimeOfClock time);

    private struct TimeOfClock
    {
        public long Seconds, Nanoseconds;
    }
}
