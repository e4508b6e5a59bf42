using System.Diagnostics;

namespace SparseEngine.Cli.Tests;

/// <summary>A file system of its own in memory, where this process may mount one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string folder;

    private SmallDisk(string folder) => this.folder = folder;

    public static SmallDisk Mount(string folder, string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has tmpfs.");
        Directory.CreateDirectory(folder);
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder),
            "This process may not mount a file system: it is not root, or in a container without that right.");
        return new SmallDisk(folder);
    }

    public void Remount(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", folder));

    public void Dispose() => Run("umount", "--lazy", folder);

    private static bool Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
