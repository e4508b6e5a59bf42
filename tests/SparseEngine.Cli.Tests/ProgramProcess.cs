using System.Diagnostics;
using System.Text;

namespace SparseEngine.Cli.Tests;

/// <summary>The built program, run as a process of its own: what a person sees and a shell gets.</summary>
internal sealed class ProgramProcess : IDisposable
{
    /// <summary>Far beyond what any of these runs takes: only a program that hangs meets it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "sparse-engine.dll");

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly Task<string> errors;

    private ProgramProcess(Process process)
    {
        this.process = process;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The number by which the system knows it.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>Runs the program to its end.</summary>
    public static async Task<ProgramResult> RunAsync(string workingDirectory, params string[] arguments)
    {
        using ProgramProcess program = Start(workingDirectory, arguments);
        return await program.EndAsync();
    }

    /// <summary>Runs the program to its end with files limited to a number of bytes: where no disk can be filled, this fills one.</summary>
    public static async Task<ProgramResult> RunWithFileLimitAsync(string workingDirectory, int bytes, params string[] arguments)
    {
        // The shell counts blocks of 512 bytes. The runtime's own double mapping of code is a file, too, and a large one.
        ProcessStartInfo start = new("sh", ["-c", $"ulimit -f {bytes / 512} && exec dotnet \"$@\"", "sh", Program, .. arguments]);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using ProgramProcess program = Start(start, workingDirectory);
        return await program.EndAsync();
    }

    /// <summary>Runs the program to its end with its address space limited, as <c>ulimit -v</c> does.</summary>
    public static async Task<ProgramResult> RunWithMemoryLimitAsync(string workingDirectory, int mebibytes, params string[] arguments)
    {
        // The shell counts kibibytes. Unlimited, the garbage collector would reserve 256 GiB of addresses.
        ProcessStartInfo start = new("sh", ["-c", $"ulimit -v {mebibytes * 1024} && exec dotnet \"$@\"", "sh", Program, .. arguments]);
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x20000000";
        using ProgramProcess program = Start(start, workingDirectory);
        return await program.EndAsync();
    }

    /// <summary>Runs a line of a POSIX shell to its end, in which <c>"$@"</c> is the program and its arguments.</summary>
    public static async Task<ProgramResult> RunInShellAsync(string workingDirectory, string line, params string[] arguments)
    {
        using ProgramProcess program = StartInShell(workingDirectory, line, arguments);
        return await program.EndAsync();
    }

    /// <summary>Starts a line of a POSIX shell.</summary>
    public static ProgramProcess StartInShell(string workingDirectory, string line, params string[] arguments) =>
        Start(new ProcessStartInfo("sh", ["-c", line, "sh", "dotnet", Program, .. arguments]), workingDirectory);

    /// <summary>Runs the program to its end with other environment variables.</summary>
    public static async Task<ProgramResult> RunWithEnvironmentAsync(
        string workingDirectory, IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Program, .. arguments]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using ProgramProcess program = Start(start, workingDirectory);
        return await program.EndAsync();
    }

    /// <summary>Starts the program.</summary>
    public static ProgramProcess Start(string workingDirectory, params string[] arguments) =>
        Start(new ProcessStartInfo("dotnet", [Program, .. arguments]), workingDirectory);

    /// <summary>Reads standard output up to the first line that contains <paramref name="text"/>.</summary>
    public async Task<string> WaitForLineAsync(string text)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The program ended without a line with \"{text}\":\n{output}\n{await errors}");
    }

    /// <summary>Reads the next characters of standard output, however its lines end.</summary>
    public async Task<string> ReadAsync(int count)
    {
        char[] text = new char[count];
        int read = await process.StandardOutput.ReadBlockAsync(text).AsTask().WaitAsync(Patience);
        output.Append(text, 0, read);
        return new string(text, 0, read);
    }

    /// <summary>Sends a signal by its name: INT, TERM.</summary>
    public async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, $"{process.Id}"]);
        await kill.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>
    /// Whether the process of the tests, and so any that it starts, ignores SIGINT, as one started in the background of a script does.
    /// </summary>
    public static bool InheritsIgnoredInterrupt()
    {
        const string Prefix = "SigIgn:";
        const ulong Interrupt = 1 << (2 - 1);
        string? line = File.Exists("/proc/self/status")
            ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Prefix, StringComparison.Ordinal))
            : null;
        return line is not null && (Convert.ToUInt64(line[Prefix.Length..].Trim(), 16) & Interrupt) != 0;
    }

    /// <summary>Ends the program as a power failure would.</summary>
    public void Kill() => process.Kill();

    /// <summary>Waits for the end.</summary>
    public async Task<ProgramResult> EndAsync()
    {
        output.Append(await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience));
        await process.WaitForExitAsync().WaitAsync(Patience);
        return new ProgramResult(process.ExitCode, output.ToString(), await errors);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }

    /// <summary>Starts what is told in full.</summary>
    public static ProgramProcess Start(ProcessStartInfo start, string workingDirectory)
    {
        start.WorkingDirectory = workingDirectory;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.StandardOutputEncoding = Encoding.UTF8;
        start.StandardErrorEncoding = Encoding.UTF8;
        Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        process.StandardInput.Close();
        return new ProgramProcess(process);
    }
}

/// <summary>What a run of the program left behind.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Fails the test, with all that the program said, where it ended otherwise.</summary>
    public ProgramResult EndsWith(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Errors}");
        return this;
    }
}
