using System.Reflection;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SparseEngine.Cli.Hosting;

/// <summary>
/// The line that ends the program where nothing else can be relied on: few file handles or little memory, so that assemblies cannot be
/// loaded, the console's among them. It needs nothing beyond the runtime's core library.
/// </summary>
internal static class LastWords
{
    private const nint StandardError = 2;

    /// <summary>An assembly takes two while it is loaded, and may ask for another.</summary>
    private const int HandlesOfALoad = 4;

    /// <summary>Makes an error on any thread end in one line too, in place of the runtime's stack trace and abort.</summary>
    public static void Prepare() => AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
    {
        if (unhandled.ExceptionObject is Exception error)
        {
            Environment.Exit(Say(error));
        }
    };

    /// <summary>Writes one line for an error to standard error, if that can still be done.</summary>
    /// <returns>The exit code.</returns>
    public static int Say(Exception error)
    {
        try
        {
            string line = Describe(error) + Environment.NewLine;
            if (OperatingSystem.IsWindows())
            {
                WriteToConsole(line);
            }
            else
            {
                using SafeFileHandle handle = new(StandardError, ownsHandle: false);
                using FileStream stream = new(handle, FileAccess.Write, bufferSize: 0);
                stream.Write(Encoding.UTF8.GetBytes(line));
            }
        }
        catch
        {
            // There is nobody to tell.
        }

        return ExitCode.Failed;
    }

    /// <summary>What an error says for whom it says little itself: handles, memory, threads, or a failure that only wraps another.</summary>
    public static string Describe(Exception error) => HandlesAreUsedUp()
        ? "Too many open files: this process may have no more handles than it has; 'ulimit -n 1024' allows enough."
        : DescribeItself(error);

    private static string DescribeItself(Exception error)
    {
        Exception cause = Cause(error);
        return cause switch
        {
            OutOfMemoryException => "Out of memory or threads: the program needs more than there is, or than a limit leaves to it (ulimit -v, -u).",
            FileNotFoundException or FileLoadException or BadImageFormatException or TypeLoadException when IsOfAnAssembly(cause) =>
                "A part of the program cannot be loaded, for want of memory or file handles, or since it is not installed whole: "
                + $"{OneLine(cause.Message)}",
            _ => $"Unexpected error: {cause.GetType().Name}: {OneLine(cause.Message)} (--logging DEBUG shows where)",
        };
    }

    /// <summary>What failed first, where errors only say that something else did.</summary>
    public static Exception Cause(Exception error) => error switch
    {
        TypeInitializationException { InnerException: { } inner } => Cause(inner),
        AggregateException { InnerExceptions: [{ } inner, ..] } => Cause(inner),
        TargetInvocationException { InnerException: { } inner } => Cause(inner),
        _ => error,
    };

    // A method of its own: the console is loaded for it alone.
    private static void WriteToConsole(string line) => Console.Error.Write(line);

    private static bool IsOfAnAssembly(Exception error) =>
        error is not FileNotFoundException missing || (missing.FileName?.Contains(", Version=", StringComparison.Ordinal) ?? false);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static bool HandlesAreUsedUp()
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        SafeFileHandle?[] handles = new SafeFileHandle?[HandlesOfALoad];
        try
        {
            for (int i = 0; i < handles.Length; i++)
            {
                handles[i] = File.OpenHandle("/dev/null");
            }

            return false;
        }
        catch (IOException)
        {
            return true;
        }
        finally
        {
            foreach (SafeFileHandle? handle in handles)
            {
                handle?.Dispose();
            }
        }
    }
}
