using System.Diagnostics;
using System.Globalization;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Dense training steps in PyTorch: benchmarks/peers/pytorch_step.py, a process that makes one step when asked.</summary>
internal sealed class PyTorchProcess : IDisposable
{
    // Its threads spin for a while after a step.
    private static readonly TimeSpan Spinning = TimeSpan.FromMilliseconds(300);

    private readonly Process process;

    private PyTorchProcess(Process process, string version)
    {
        this.process = process;
        Version = version;
    }

    /// <summary>"PyTorch 2.10".</summary>
    public string Version { get; }

    /// <summary>Starts it, or tells why it does not start.</summary>
    /// <param name="size">The model.</param>
    /// <param name="threads">Threads.</param>
    /// <returns>Null where there is no Python with PyTorch: PYTHON names another than python3.</returns>
    public static PyTorchProcess? Start(StepSize size, int threads)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "pytorch_step.py");
        Process process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("PYTHON") ?? "python3",
            [
                script,
                .. new[] { size.Hidden, size.Filter, size.Heads, size.Batch, size.Sequence, threads }
                    .Select(n => n.ToString(CultureInfo.InvariantCulture)),
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return process.StandardOutput.ReadLine() is { } version ? new PyTorchProcess(process, version) : null;
    }

    /// <summary>Makes a step.</summary>
    /// <returns>Its seconds.</returns>
    public double Step()
    {
        process.StandardInput.WriteLine();
        double milliseconds = double.Parse(process.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        Thread.Sleep(Spinning);
        return milliseconds / 1000;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }
}
