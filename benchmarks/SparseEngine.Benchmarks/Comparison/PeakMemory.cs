using System.Diagnostics;
using System.Globalization;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Peak resident memory, of a process that is made to measure it.</summary>
internal static class PeakMemory
{
    /// <summary>Runs this program with arguments that make it measure, and reads what it tells.</summary>
    /// <returns>Bytes.</returns>
    public static double Of(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
        return double.Parse(process.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }

    /// <summary>The other end of <see cref="Of"/>: prints this process's.</summary>
    public static void Tell()
    {
        using Process self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
    }
}
