using Microsoft.Extensions.Logging;
using static System.FormattableString;

namespace SparseEngine.Cli.Output;

/// <summary>
/// The log of a run: lines <c>2026-05-04 12:00:00 INFO: message</c> on the terminal, warnings and worse on standard error,
/// and all of them in <c>run_YYYYmmdd_HHMMSS.log</c> of the model directory.
/// </summary>
internal sealed class RunLog : ILoggerProvider
{
    private readonly Terminal terminal;
    private readonly string? directory;
    private readonly LogLevel least;
    private readonly Lock gate = new();
    private readonly List<string> early = [];
    private StreamWriter? file;

    /// <summary>Starts the log; its file is made by <see cref="OpenFile"/>.</summary>
    /// <param name="terminal">Where lines are shown.</param>
    /// <param name="directory">Where the log file goes; null writes none.</param>
    /// <param name="level">The least level shown, by its name; null for INFO.</param>
    public RunLog(Terminal terminal, string? directory, string? level)
    {
        this.terminal = terminal;
        least = LogLevels.Find(level ?? "INFO") ?? LogLevel.Information;
        this.directory = directory;
    }

    /// <summary>
    /// Makes the log file, in a directory that is made if absent, with the lines so far: a run that is refused before it starts leaves none.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be made or written to.</exception>
    public void OpenFile()
    {
        lock (gate)
        {
            if (directory is null || file is not null)
            {
                return;
            }

            file = Open(directory);
        }

        foreach (string line in early)
        {
            WriteFileLine(line);
        }
    }

    /// <summary>Makes loggers that write here.</summary>
    public ILoggerFactory CreateLoggers() => LoggerFactory.Create(builder => builder.SetMinimumLevel(least).AddProvider(this));

    /// <summary>Whether lines of a level are shown, on the terminal and in the file.</summary>
    public bool Shows(LogLevel level) => level >= least;

    /// <summary>Writes a line to the file alone, whatever its level: what the terminal shows in a form of its own.</summary>
    public void WriteToFile(LogLevel level, string message) => WriteFileLine(Format(level, message));

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this);

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private static StreamWriter Open(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            string name = Invariant($"run_{DateTime.Now:yyyyMMdd_HHmmss}");
            string path = Path.Combine(directory, $"{name}.log");

            // An evaluation may start in the same second as the run whose folder it reads.
            for (int number = 2; File.Exists(path); number++)
            {
                path = Path.Combine(directory, Invariant($"{name}_{number}.log"));
            }

            return new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0)) { AutoFlush = true };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"model_dir {directory} cannot be written to: {error.Message}", error);
        }
    }

    private static string Format(LogLevel level, string message) =>
        Invariant($"{DateTime.Now:yyyy-MM-dd HH:mm:ss} {LogLevels.NameOf(level)}: {message}");

    private void Write(LogLevel level, string message)
    {
        string line = Format(level, message);
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
            if (file is null)
            {
                if (directory is not null)
                {
                    early.Add(line);
                }

                return;
            }

            try
            {
                file.WriteLine(line);
            }
            catch (Exception error) when (error is IOException or ArgumentOutOfRangeException { ParamName: "value" })
            {
                // The latter is how .NET reports EFBIG.
                // On a full disk the log lacks this line, which the terminal has. The run fails where it cannot write what it needs, and says so.
            }
        }
    }

    private sealed class Logger(RunLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string message = formatter(state, exception);
            log.Write(logLevel, exception is null ? message : $"{message}{Environment.NewLine}{exception}");
        }
    }
}
