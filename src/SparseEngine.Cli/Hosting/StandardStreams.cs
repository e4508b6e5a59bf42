using System.Text;
using Microsoft.Win32.SafeHandles;
using static System.FormattableString;

namespace SparseEngine.Cli.Hosting;

/// <summary>
/// Standard output and error. A full disk, a closed stream, a reader that went away or a terminal that vanished ends neither a run nor
/// anything else that writes files; what fails is told at the end.
/// </summary>
internal static class StandardStreams
{
    private static LastingStream? output;

    /// <summary>Whether what is written to standard output may still reach somebody.</summary>
    public static bool OutputIsRead => output?.Failure is null;

    /// <summary>Why standard output lacks something, as a line for a person; null where it does not, or where its reader did not want more.</summary>
    public static string? OutputFailure =>
        output is { HasNoReader: false, Failure: { } failure } ? $"Standard output cannot be written to: {failure}" : null;

    /// <summary>Puts them in the place of the console's own.</summary>
    public static void Open()
    {
        // What a launcher passes on may look like a terminal, into which the console would write a terminal's commands.
        bool isFile = Console.IsOutputRedirected || RankedRun.IsOne;
        output = new LastingStream(IsTheRuntimes(1) ? null : Pipe(1, isFile) ?? Console.OpenStandardOutput());
        Console.SetOut(Writer(output));
        Console.SetError(Writer(new LastingStream(IsTheRuntimes(2) ? null : Pipe(2, Console.IsErrorRedirected) ?? Console.OpenStandardError())));
    }

    /// <summary>
    /// Makes this process one of several that share the streams, and not the first: only errors are written, each line under a name.
    /// </summary>
    public static void SpeakAs(string name)
    {
        Console.SetOut(TextWriter.Null);
        Console.SetError(new NamedLines(Console.Error, name));
    }

    // Generated text and table borders are UTF-8 wherever the locale says otherwise.
    private static StreamWriter Writer(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 256) { AutoFlush = true };

    /// <summary>
    /// Whether a descriptor that was closed when the program began has become one of the runtime's own, which text must not be written into:
    /// those, unlike what a program inherits, are closed when another takes its place.
    /// </summary>
    private static bool IsTheRuntimes(int descriptor)
    {
        const int CloseOnExecute = 0x80000;
        const string Flags = "flags:";
        const string Folder = "/proc/self/fdinfo";
        if (!Directory.Exists(Folder))
        {
            return false;
        }

        try
        {
            string? line = File.ReadLines(Path.Combine(Folder, Invariant($"{descriptor}")))
                .FirstOrDefault(line => line.StartsWith(Flags, StringComparison.Ordinal));
            return line is not null && (Convert.ToInt32(line[Flags.Length..].Trim(), 8) & CloseOnExecute) != 0;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
    }

    /// <summary>A pipe as a file, which tells when nobody reads any more, as the console's stream does not; null for all else.</summary>
    private static FileStream? Pipe(int descriptor, bool isRedirected)
    {
        if (OperatingSystem.IsWindows() || !isRedirected)
        {
            return null;
        }

        try
        {
            FileStream stream = new(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);

            // A file may be written to through another handle as well, and only the console's stream goes by their common place in it.
            return stream.CanSeek ? null : stream;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
