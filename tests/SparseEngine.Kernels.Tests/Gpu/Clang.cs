using System.Diagnostics;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>Clang's front end for OpenCL C, where the machine has it: it needs no OpenCL driver.</summary>
internal sealed class Clang : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sparse-engine-opencl-");
    private readonly List<string> files = [];

    /// <summary>Why a test is skipped that has no clang.</summary>
    public static string Absence => "there is no clang on the PATH; Debian's package of that name has one that reads OpenCL C";

    /// <summary>Its path; null where there is none.</summary>
    public static string? Find()
    {
        string name = OperatingSystem.IsWindows() ? "clang.exe" : "clang";
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(path => Path.Combine(path, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Adds a file to those that are checked together.</summary>
    public void Add(string name, string source)
    {
        string path = Path.Combine(folder.FullName, $"{files.Count:D3}-{name}.cl");
        File.WriteAllText(path, source);
        files.Add(path);
    }

    /// <summary>Checks the files against a version of OpenCL C, with its own declarations of the language's functions.</summary>
    /// <returns>Its report; empty where it has nothing to say.</returns>
    public string Check(string version)
    {
        string[] options = ["-x", "cl", $"-cl-std=CL{version}", "-Xclang", "-finclude-default-header", "-fsyntax-only"];
        using Process process = Process.Start(new ProcessStartInfo(Find()!, [.. options, .. files]) { RedirectStandardError = true })!;
        string report = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? report : $"exit code {process.ExitCode}: {report}";
    }

    public void Dispose() => folder.Delete(recursive: true);
}
