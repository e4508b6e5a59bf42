using System.CommandLine;
using SparseEngine.Checkpoints;
using SparseEngine.Cli.Commands;
using SparseEngine.Cli.Hosting;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Files;
using SparseEngine.Kernels.Devices;
using SparseEngine.Runs;

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
        if (line.Errors.Count > 0)
        {
            return ReportUsage(line);
        }

        try
        {
            return line.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(Describe(error, line.CommandResult.Command));
            if (string.Equals(line.GetValue(program.Logging), "DEBUG", StringComparison.OrdinalIgnoreCase))
            {
                Console.Error.WriteLine(error);
            }

            return error is ConfigurationException ? ExitCode.Usage : ExitCode.Failed;
        }
    }

    private static int ReportUsage(ParseResult line)
    {
        Command command = line.CommandResult.Command;
        (string name, List<string> messages) = command is RootCommand
            ? (CommandLineSyntax.ProgramName, [UnknownCommand(line)])
            : ($"{CommandLineSyntax.ProgramName} {command.Name}", Messages(line));
        Console.Error.WriteLine($"{string.Join("; ", messages)}. See: {name} --help");
        return ExitCode.Usage;
    }

    private static List<string> Messages(ParseResult line)
    {
        List<string> messages = line.Errors.Select(error => error.Message.ReplaceLineEndings(" ").TrimEnd('.')).Distinct().ToList();

        // What follows a misspelt option is misread too, and only confuses.
        List<string> misspelt = messages.FindAll(message => message.StartsWith(OptionValues.UnrecognizedOption, StringComparison.Ordinal));
        return misspelt.Count > 0 ? misspelt : messages;
    }

    private static string UnknownCommand(ParseResult line)
    {
        string valid = string.Join(", ", line.RootCommandResult.Command.Subcommands.Select(command => command.Name));
        return line.UnmatchedTokens is [var word, ..] ? $"Unrecognized command '{word}'; valid: {valid}" : $"No command given; valid: {valid}";
    }

    /// <summary>One line for an error, or the lines of a configuration's problems.</summary>
    private static string Describe(Exception error, Command command) => error switch
    {
        ConfigurationException or DataException or CheckpointException or TrainingException or OutputException or DeviceException => error.Message,
        IOException or UnauthorizedAccessException => error.Message.ReplaceLineEndings(" "),
        OutOfMemoryException when command is RunCommand => "Out of memory: a smaller batch_size, or more grad_accum_steps, needs less.",
        OutOfMemoryException => $"Out of memory: {CommandLineSyntax.ProgramName} {command.Name} needs more than there is, or than a limit leaves to it.",
        _ => $"Unexpected error: {error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")} (--logging DEBUG shows where)",
    };
}
