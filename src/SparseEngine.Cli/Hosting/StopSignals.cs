using System.Runtime.InteropServices;

namespace SparseEngine.Cli.Hosting;

/// <summary>
/// Turns the first Ctrl-C or SIGTERM into a request to stop when it is safe; a second one ends the process at once. A terminal that goes away
/// (SIGHUP) is such a request too, but never more than that: both the kernel and the shell may tell of it. A file that exceeds the process's
/// limit (ulimit -f) is an error of the write, as on a full disk, not the end of the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    // SIGXFSZ, which .NET has no name for; the same number on Linux, macOS and the BSDs.
    private const PosixSignal FileSizeLimit = (PosixSignal)25;

    // Held to the end of the process: .NET handles a signal some time after it came, and one that comes to nobody is deadly.
    private static PosixSignalRegistration? survival;

    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int exitCode;

    public StopSignals()
    {
        if (!OperatingSystem.IsWindows())
        {
            survival ??= PosixSignalRegistration.Create(FileSizeLimit, context => context.Cancel = true);
        }

        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, Cli.Hosting.ExitCode.Interrupted)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, Cli.Hosting.ExitCode.Terminated)),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Stop(context, Cli.Hosting.ExitCode.HungUp)),
        ];
    }

    /// <summary>Runs a command that a signal undoes: it stops before its files take their names.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(Action<CancellationToken> command)
    {
        using StopSignals signals = new();
        try
        {
            command(signals.Token);
            return Cli.Hosting.ExitCode.Done;
        }
        catch (OperationCanceledException) when (signals.ExitCode != 0)
        {
            Console.Error.WriteLine("Stopped; nothing was written.");
            return signals.ExitCode;
        }
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>The exit code of the signal that came; 0 where none did.</summary>
    public int ExitCode => Volatile.Read(ref exitCode);

    /// <summary>
    /// Takes the end of standard input for a request to stop, too: it tells that the program which started this one wants its end, or is no more.
    /// </summary>
    public void StopAtEndOfInput()
    {
        Thread watch = new(() =>
        {
            try
            {
                using Stream input = Console.OpenStandardInput();
                byte[] passedOver = new byte[64];
                while (input.Read(passedOver) > 0)
                {
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // What cannot be read has ended as well.
            }

            Stop(Cli.Hosting.ExitCode.Interrupted);
        })
        {
            IsBackground = true,
        };
        watch.Start();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Stop(PosixSignalContext context, int code)
    {
        // Only the first signal is taken over; without Cancel the runtime ends the process.
        context.Cancel = Stop(code) || context.Signal == PosixSignal.SIGHUP;
    }

    /// <summary>Asks for the end, unless somebody has before.</summary>
    private bool Stop(int code)
    {
        if (Interlocked.CompareExchange(ref exitCode, code, 0) != 0)
        {
            return false;
        }

        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // What was to stop has ended.
        }

        return true;
    }
}
