using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SparseEngine.Kernels.Tests.Gpu;

/// <summary>What a kernel takes of a multiprocessor.</summary>
internal sealed record PtxUsage(int Registers, int SharedBytes, int SpilledBytes);

/// <summary>NVIDIA's assembler, ptxas, where the machine has it: it needs no GPU.</summary>
internal sealed partial class PtxAssembler : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sparse-engine-ptx-");

    /// <summary>Its path; null where there is none.</summary>
    public static string? Find()
    {
        string name = OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas";
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string? toolkit = Environment.GetEnvironmentVariable("CUDA_HOME");
        return folders.Append(toolkit is null ? "" : Path.Combine(toolkit, "bin"))
            .Select(path => Path.Combine(path, name))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Assembles a kernel.</summary>
    public PtxUsage Assemble(string architecture, string text)
    {
        string source = Path.Combine(folder.FullName, "kernel.ptx");
        File.WriteAllText(source, text);
        ProcessStartInfo start = new(Find()!, [$"-arch={architecture}", "-v", "-O3", source, "-o", Path.ChangeExtension(source, ".cubin")])
        {
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        string report = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, report);
        return new PtxUsage(
            Sum(Registers(), report), Sum(SharedBytes(), report), Sum(SpilledBytes(), report));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static int Sum(Regex number, string report) =>
        number.Matches(report).Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex SharedBytes();

    [GeneratedRegex(@"(\d+) bytes (?:spill stores|spill loads|stack frame)")]
    private static partial Regex SpilledBytes();
}
