using System.Runtime.InteropServices;

namespace SparseEngine.Cli;

/// <summary>Turns the first Ctrl-C or SIGTERM into a request to stop after the current step; a second one ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int exitCode;

    public StopSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, Cli.ExitCode.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, Cli.ExitCode.Terminated)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>The exit code of the signal that came; 0 where none did.</summary>
    public int ExitCode => Volatile.Read(ref exitCode);

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        source.Dispose();
    }

    private void Stop(PosixSignalContext context, int code)
    {
        // Only the first signal is taken over; without Cancel the runtime ends the process.
        if (Interlocked.CompareExchange(ref exitCode, code, 0) == 0)
        {
            context.Cancel = true;
            source.Cancel();
        }
    }
}
