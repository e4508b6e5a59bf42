using System.CommandLine;
using System.CommandLine.Parsing;

namespace SparseEngine.Cli.Hosting;

/// <summary>
/// Arguments that are empty, as an unset variable of a shell makes them. Of no command is one a path or a name, so that all are found here,
/// and named before anything else is.
/// </summary>
internal static class EmptyArguments
{
    /// <summary>What stands in the place of a value that may be blanks, but not nothing.</summary>
    private static readonly string[] Texts = ["TEXT", "KEY"];

    /// <summary>A message for each option or argument of a command line that is empty.</summary>
    public static IReadOnlyList<string> Of(ParseResult line)
    {
        // What has an effect whatever else the line says, such as --help, needs none of the values.
        if (line.Action is { ClearsParseErrors: true })
        {
            return [];
        }

        Command command = line.CommandResult.Command;
        IEnumerable<Option> options = command.Options.Concat(line.RootCommandResult.Command.Options);

        // Hidden options are accepted and have no effect, whatever is behind them.
        return
        [
            .. options.Where(option => !option.Hidden)
                .Where(option => IsEmpty(line.GetResult(option), option.HelpName))
                .Select(option => Message(option.Name, option.HelpName)),
            .. command.Arguments.Where(argument => IsEmpty(line.GetResult(argument), argument.HelpName))
                .Select(argument => Message(argument.Name, argument.HelpName)),
        ];
    }

    private static bool IsEmpty(SymbolResult? result, string? helpName) =>
        result is not null && result.Tokens.Any(token => Texts.Contains(helpName) ? token.Value.Length == 0 : string.IsNullOrWhiteSpace(token.Value));

    private static string Message(string name, string? helpName) =>
        $"{name} is empty, as an unset shell variable is; valid: {helpName?.Replace("|", ", ", StringComparison.Ordinal)}";
}
