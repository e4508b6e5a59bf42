using System.Diagnostics;
using System.Globalization;

namespace SparseEngine.Benchmarks.Comparison;

/// <summary>Dense training steps or tokens in PyTorch: a script in benchmarks/peers, a process that makes one step when asked.</summary>
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

    /// <summary>Starts one that trains, or tells why it does not start.</summary>
    /// <param name="size">The model.</param>
    /// <param name="threads">Threads.</param>
    /// <returns>Null where there is no Python with PyTorch: PYTHON names another than python3.</returns>
    public static PyTorchProcess? Start(StepSize size, int threads) => Start(
        "pytorch_step.py", size.Hidden, size.Filter, size.Heads, size.Layers, size.Vocabulary, size.Batch, size.Sequence, threads);

    /// <summary>Starts one that continues a text.</summary>
    /// <param name="size">The model.</param>
    /// <param name="prompt">Tokens of the text.</param>
    /// <param name="tokens">Tokens that a step adds; its time is that of one.</param>
    /// <param name="threads">Threads.</param>
    /// <returns>Null where there is no Python with PyTorch.</returns>
    public static PyTorchProcess? StartGeneration(StepSize size, int prompt, int tokens, int threads) => Start(
        "pytorch_generation.py", size.Hidden, size.Filter, size.Heads, size.Layers, size.Vocabulary, size.Sequence, prompt, tokens, threads);

    private static PyTorchProcess? Start(string script, params int[] numbers)
    {
        Process process = Process.Start(new ProcessStartInfo(
            Environment.GetEnvironmentVariable("PYTHON") ?? "python3",
            [Path.Combine(AppContext.BaseDirectory, script), .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))])
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
