using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using SparseEngine.Distributed.Watch;

namespace SparseEngine.Tests.Distributed.Watch;

/// <summary>
/// A rank as a process of its own, which does nothing but be watched, and what it is told: "fail CODE MESSAGE", "leave", "exit CODE". It is this
/// assembly, which an environment variable makes a rank instead of tests.
/// </summary>
internal sealed class WatchedProcess : IDisposable
{
    private const string Variable = "SPARSE_ENGINE_TESTS_RANK";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process process;
    private readonly BlockingCollection<string> output = [];
    private readonly Task<string> errors;

    private WatchedProcess(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
        process.OutputDataReceived += (_, line) => output.Add(line.Data ?? "(end)");
        process.BeginOutputReadLine();
    }

    /// <summary>Starts ranks, and waits until they watch one another.</summary>
    /// <param name="folder">For their first messages.</param>
    /// <param name="timeoutSeconds">How long one may be silent.</param>
    /// <param name="hosts">A name for the host of each.</param>
    public static WatchedProcess[] Start(TemporaryDirectory folder, double timeoutSeconds, params string[] hosts)
    {
        WatchedProcess[] ranks = [.. hosts.Select((_, rank) => Start(folder, timeoutSeconds, rank, hosts))];
        foreach (WatchedProcess rank in ranks)
        {
            rank.WaitFor("watched");
        }

        return ranks;
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>Says something to it.</summary>
    public void Say(string line) => process.StandardInput.WriteLine(line);

    /// <summary>Waits for a line of it.</summary>
    public void WaitFor(string line)
    {
        while (output.TryTake(out string? said, Patience))
        {
            if (said == line)
            {
                return;
            }

            Assert.False(said == "(end)", $"it ended without \"{line}\": {(process.WaitForExit(Patience) ? errors.Result : "")}");
        }

        Assert.Fail($"it did not say \"{line}\"");
    }

    /// <summary>Ends it as the kernel does where memory is short.</summary>
    public void Kill() => process.Kill();

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", ["-s", name, $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code, and what it wrote to standard error.</returns>
    public (int ExitCode, string Errors) End()
    {
        Assert.True(process.WaitForExit(Patience), "it did not end");
        return (process.ExitCode, errors.Result);
    }

    public void Dispose()
    {
        process.Kill();

        // Its output has ended then. A line that came after the collection of them was disposed of would end the process of the tests.
        process.WaitForExit();
        process.Dispose();
        output.Dispose();
    }

#pragma warning disable CA2255 // It is no library, and has no entry point of its own.
    /// <summary>Is a rank, where this process was started as one.</summary>
    [ModuleInitializer]
    public static void Run()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } settings)
        {
            Environment.Exit(Run(settings.Split(' ')));
        }
    }
#pragma warning restore CA2255

    private static WatchedProcess Start(TemporaryDirectory folder, double timeoutSeconds, int rank, string[] hosts)
    {
        ProcessStartInfo start = new("dotnet", [typeof(WatchedProcess).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = FormattableString.Invariant($"{rank} {timeoutSeconds} {string.Join(',', hosts)} {folder.Path}");
        return new WatchedProcess(Process.Start(start)!);
    }

    private static int Run(string[] settings)
    {
        using FileRanks ranks = new(settings[3], int.Parse(settings[0]), settings[2].Split(','));
        using RankWatch watch = RankWatch.Start(ranks, TimeSpan.FromSeconds(double.Parse(settings[1])), failure => failure.Tell());
        Console.WriteLine("watched");
        while (Console.ReadLine()?.Split(' ', 3) is { } words)
        {
            switch (words[0])
            {
                case "fail":
                    int code = int.Parse(words[1]);
                    if (!watch.Fail(words[2], code))
                    {
                        Console.Error.WriteLine($"by itself: {words[2]}");
                    }

                    return code;
                case "leave":
                    watch.Dispose();
                    Console.WriteLine("left");
                    break;
                default:
                    return int.Parse(words[1]);
            }
        }

        return 99;
    }
}
