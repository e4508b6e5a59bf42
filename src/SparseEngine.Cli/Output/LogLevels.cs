using Microsoft.Extensions.Logging;

namespace SparseEngine.Cli.Output;

/// <summary>Log levels by the names that Python, and so the Model Zoo's --logging, has for them.</summary>
internal static class LogLevels
{
    private static readonly (string Name, LogLevel Level)[] Known =
    [
        ("DEBUG", LogLevel.Debug),
        ("INFO", LogLevel.Information),
        ("WARNING", LogLevel.Warning),
        ("ERROR", LogLevel.Error),
        ("CRITICAL", LogLevel.Critical),
    ];

    /// <summary>The names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The level of a name in any case; null where there is none.</summary>
    public static LogLevel? Find(string name) =>
        Known.Where(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase))
            .Select(known => (LogLevel?)known.Level)
            .FirstOrDefault();

    /// <summary>The name of a level.</summary>
    public static string NameOf(LogLevel level) =>
        level == LogLevel.Trace ? "DEBUG" : Known.First(known => known.Level == level).Name;
}
