using System.CommandLine;
using SparseEngine.Cli.Commands;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli;

/// <summary>Runs a command line; its errors become lines on standard error and exit codes.</summary>
internal static class CommandLine
{
    /// <summary>Runs the program.</summary>
    /// <returns>The exit code.</returns>
    public static int Invoke(string[] args)
    {
        SparseEngineCommand program = new();
        ParseResult line = program.Parse(args, CommandLineSyntax.Parsing);
        IReadOnlyList<string> empty = EmptyArguments.Of(line);
        Command command = line.CommandResult.Command;
        if (empty.Count + line.Errors.Count > 0)
        {
            return ReportUsage(line, empty);
        }

        try
        {
            return Ended(line.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }));
        }
        catch (Exception error)
        {
            if (command is not RunCommand || RankedRun.IsToldHere(error))
            {
                ErrorLine.Write(error, command, line.GetValue(program.Logging));
            }

            return ErrorLine.ExitCodeOf(error);
        }
    }

    /// <summary>What was to be done is done, but somebody may have asked for text that did not get there.</summary>
    private static int Ended(int code)
    {
        if (code != ExitCode.Done || StandardStreams.OutputFailure is not { } failure)
        {
            return code;
        }

        Console.Error.WriteLine(failure);
        return ExitCode.Failed;
    }

    private static int ReportUsage(ParseResult line, IReadOnlyList<string> empty)
    {
        Command command = line.CommandResult.Command;
        (string name, IReadOnlyList<string> messages) = command is RootCommand
            ? (CommandLineSyntax.ProgramName, [UnknownCommand(line)])
            : ($"{CommandLineSyntax.ProgramName} {command.Name}", empty.Count > 0 ? empty : Messages(line));
        if (RankedRun.IsUsageToldHere())
        {
            Console.Error.WriteLine($"{string.Join("; ", messages)}. See: {name} --help");
        }

        return ExitCode.Usage;
    }

    private static List<string> Messages(ParseResult line)
    {
        List<string> messages = [.. line.Errors.Select(error => error.Message.ReplaceLineEndings(" ").TrimEnd('.')).Distinct()];

        // What follows a misspelt option is misread too, and only confuses.
        List<string> misspelt = messages.FindAll(message => message.StartsWith(OptionValues.UnrecognizedOption, StringComparison.Ordinal));
        return misspelt.Count > 0 ? misspelt : messages;
    }

    private static string UnknownCommand(ParseResult line)
    {
        string valid = string.Join(", ", line.RootCommandResult.Command.Subcommands.Select(command => command.Name));
        return line.UnmatchedTokens is [string word, ..] ? $"Unrecognized command '{word}'; valid: {valid}" : $"No command given; valid: {valid}";
    }
}
