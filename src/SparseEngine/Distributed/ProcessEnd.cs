using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace SparseEngine.Distributed;

/// <summary>The end of a process that nobody may wait for: a launcher kills the other ranks within a moment of the first that is lost.</summary>
internal static class ProcessEnd
{
    private const int StandardError = 2;
    private const short Writable = 4;
    private const int PatienceMilliseconds = 500;

    /// <summary>What a pipe takes in one piece, so that lines of several processes do not mix.</summary>
    private const int PipeBytes = 4096;

    /// <summary>Calls what a last line needs, without an effect: the first call of anything takes the time of its compilation.</summary>
    public static void Prepare()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _ = IsWritable(patience: 0);
        _ = Write(StandardError, [], 0);
        Marshal.Prelink(typeof(ProcessEnd).GetMethod(nameof(ExitNow), BindingFlags.NonPublic | BindingFlags.Static)!);
        _ = Encode("");
    }

    /// <summary>Writes a line to standard error past all that may be waiting to be written there.</summary>
    public static void WriteLastLine(string text)
    {
        if (OperatingSystem.IsWindows())
        {
            Console.Error.WriteLine(text);
            return;
        }

        // Whoever should read may have stopped, and that must not keep this process.
        if (IsWritable(PatienceMilliseconds))
        {
            byte[] line = Encode(text);
            _ = Write(StandardError, line, line.Length);
        }
    }

    /// <summary>Ends the process without anything that is done at a usual end: handlers, finalizers, what an MPI library has registered.</summary>
    [DoesNotReturn]
    public static void Exit(int exitCode)
    {
        if (!OperatingSystem.IsWindows())
        {
            ExitNow(exitCode);
        }

        Environment.Exit(exitCode);
        throw new UnreachableException();
    }

    private static byte[] Encode(string text)
    {
        byte[] line = Encoding.UTF8.GetBytes(text.ReplaceLineEndings(" ") + "\n");
        if (line.Length > PipeBytes)
        {
            line = line[..PipeBytes];
            line[^1] = (byte)'\n';
        }

        return line;
    }

    private static bool IsWritable(int patience)
    {
        Polled polled = new() { Descriptor = StandardError, Events = Writable };
        return Poll(ref polled, 1, patience) > 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

#pragma warning disable SYSLIB1054 // The generated code would be unsafe.
    // The count of descriptors is an unsigned long on Linux and an unsigned int elsewhere; a register holds 1 either way.
    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref Polled polled, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "write")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int descriptor, byte[] bytes, nint count);

    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ExitNow(int exitCode);
#pragma warning restore SYSLIB1054
}
