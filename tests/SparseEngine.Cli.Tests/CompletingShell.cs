using System.Diagnostics;

namespace SparseEngine.Cli.Tests;

/// <summary>A real shell, in a folder with a few files, that finds the built program on its path.</summary>
internal sealed class CompletingShell : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new();
    private readonly string name;

    public CompletingShell(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is put on the path by a script for sh.");
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(place => File.Exists(Path.Combine(place, name))),
            $"There is no {name} on the PATH; where there is, its completion is tested.");
        this.name = name;
        Directory.CreateDirectory(folder.File("bin"));
        string program = folder.Write(
            "bin/sparse-engine", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "sparse-engine.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.CreateDirectory(folder.File("work", "output"));
        folder.Write("work/tiny.yaml", "");
        folder.Write("work/tiny run.yaml", "");
    }

    /// <summary>Runs a script.</summary>
    /// <returns>The lines of its standard output.</returns>
    public async Task<string[]> RunAsync(string script, params string[] options)
    {
        // PowerShell insists on the ending.
        string file = folder.Write("script.ps1", script);
        ProcessStartInfo start = new(name, [.. options, file])
        {
            WorkingDirectory = folder.File("work"),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{folder.File("bin")}{Path.PathSeparator}{start.Environment["PATH"]}";
        start.Environment["HOME"] = folder.File("bin");
        start.Environment["TERM"] = "dumb";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
            await process.WaitForExitAsync().WaitAsync(Patience);
            Assert.Equal("", await errors);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => folder.Dispose();
}
