using System.Globalization;
using Microsoft.Extensions.Logging;

namespace SparseEngine.Cli.Output;

/// <summary>
/// The log of a run: lines <c>2026-05-04 12:00:00 INFO: message</c> on the terminal, warnings and worse on standard error,
/// and all of them in <c>run_YYYYmmdd_HHMMSS.log</c> of the model directory.
/// </summary>
internal sealed class RunLog : ILoggerProvider
{
    private readonly Terminal terminal;
    private readonly StreamWriter? file;
    private readonly Lock gate = new();

    /// <summary>Opens the log.</summary>
    /// <param name="terminal">Where lines are shown.</param>
    /// <param name="directory">Where the log file goes, made if absent; null writes none.</param>
    public RunLog(Terminal terminal, string? directory)
    {
        this.terminal = terminal;
        if (directory is not null)
        {
            Directory.CreateDirectory(directory);
            var name = $"run_{DateTime.Now.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture)}.log";
            file = new StreamWriter(Path.Combine(directory, name), append: true) { AutoFlush = true };
        }
    }

    /// <summary>Writes a line to the file alone: what the display shows in a form of its own.</summary>
    public void WriteToFile(LogLevel level, string message) => WriteFileLine(Format(level, message));

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private static string Format(LogLevel level, string message) =>
        $"{DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {LogLevels.NameOf(level)}: {message}";

    private void Write(LogLevel level, string message)
    {
        var line = Format(level, message);
        if (level >= LogLevel.Warning)
        {
            terminal.WriteErrorLine(line);
        }
        else
        {
            terminal.WriteLine(line);
        }

        WriteFileLine(line);
    }

    private void WriteFileLine(string line)
    {
        lock (gate)
        {
            file?.WriteLine(line);
        }
    }

    private sealed class Logger(RunLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var message = formatter(state, exception);
            log.Write(logLevel, exception is null ? message : $"{message}{Environment.NewLine}{exception}");
        }
    }
}
