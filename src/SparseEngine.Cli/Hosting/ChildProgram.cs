using System.Diagnostics;
using System.Text;

namespace SparseEngine.Cli.Hosting;

/// <summary>This program, started by itself as a process of its own: what becomes of it leaves the one that waits for it as it is.</summary>
internal static class ChildProgram
{
    /// <summary>Runs a command line to its end.</summary>
    /// <param name="arguments">The command line; its command stops when standard input ends.</param>
    /// <param name="onLine">Told each line of its standard output, on another thread.</param>
    /// <param name="stop">Asks for its end.</param>
    /// <returns>The exit code, and the last line of standard error, which says why where it failed.</returns>
    public static (int ExitCode, string LastError) Run(IReadOnlyList<string> arguments, Action<string> onLine, CancellationToken stop)
    {
        using Process process = new() { StartInfo = Redirected(StartInfo(arguments)) };
        string lastError = "";
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text)
            {
                onLine(text);
            }
        };
        process.ErrorDataReceived += (_, line) => lastError = string.IsNullOrWhiteSpace(line.Data) ? lastError : line.Data;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using (stop.Register(() => CloseInput(process)))
        {
            // To the end of both streams too.
            process.WaitForExit();
        }

        return (process.ExitCode, lastError);
    }

    private static void CloseInput(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has just ended.
        }
    }

    /// <summary>How it is started.</summary>
    public static ProcessStartInfo StartInfo(IReadOnlyList<string> arguments)
    {
        // Where the program is an assembly that dotnet runs, dotnet is the process.
        string host = Environment.ProcessPath ?? "dotnet";
        bool isDotnet = Path.GetFileNameWithoutExtension(host).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string assembly = Path.Combine(AppContext.BaseDirectory, $"{CommandLineSyntax.ProgramName}.dll");
        return new ProcessStartInfo(host, isDotnet ? [assembly, .. arguments] : arguments);
    }

    private static ProcessStartInfo Redirected(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardOutputEncoding = start.StandardErrorEncoding = Encoding.UTF8;
        return start;
    }
}
