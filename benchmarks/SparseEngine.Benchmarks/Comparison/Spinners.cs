using System.Diagnostics;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Other processes that want the cores: each spins on one, and ends with this process or before.</summary>
internal sealed class Spinners : IDisposable
{
    /// <summary>The argument that makes this program one of them.</summary>
    public const string Argument = "spin";

    private readonly Process[] processes;

    /// <summary>Starts them, and waits until all spin.</summary>
    public Spinners(int count)
    {
        processes = [.. Enumerable.Range(0, count).Select(_ => Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, [Argument]) { RedirectStandardInput = true, RedirectStandardOutput = true })!)];
        Array.ForEach(processes, process => process.StandardOutput.ReadLine());
    }

    /// <summary>The other end: spins until its input ends, as it does with the process that started it.</summary>
    public static void Spin()
    {
        Thread reader = new(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            Environment.Exit(0);
        })
        {
            IsBackground = true,
        };
        reader.Start();
        Console.WriteLine("spinning");
        while (true)
        {
            Thread.SpinWait(1000);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Process process in processes)
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
