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
    /// <summary>
    /// What the system says (EAGAIN) where it starts no thread; .NET takes it for a file that another process locks, of which there is then no name.
    /// </summary>
    private const int NoMoreThreads = 11;

    /// <summary>Runs the program.</summary>
    /// <returns>The exit code.</returns>
    public static int Invoke(string[] args)
    {
        SparseEngineCommand program = new();
        ParseResult line = program.Parse(args, CommandLineSyntax.Parsing);
        IReadOnlyList<string> empty = EmptyArguments.Of(line);
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
            Console.Error.WriteLine(Describe(error, line.CommandResult.Command));
            if (string.Equals(line.GetValue(program.Logging), "DEBUG", StringComparison.OrdinalIgnoreCase))
            {
                Console.Error.WriteLine(error);
            }

            return error is ConfigurationException ? ExitCode.Usage : ExitCode.Failed;
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
        Console.Error.WriteLine($"{string.Join("; ", messages)}. See: {name} --help");
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

    private static bool FolderExists()
    {
        try
        {
            return Directory.GetCurrentDirectory().Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>One line for an error, or the lines of a configuration's problems.</summary>
    private static string Describe(Exception error, Command command) => LastWords.Cause(error) switch
    {
        ConfigurationException or DataException or CheckpointException or TrainingException or DeviceException or OutputException =>
            LastWords.Cause(error).Message,
        FileNotFoundException { FileName: null } when !FolderExists() => "The working directory does not exist any more.",
        DirectoryNotFoundException when !FolderExists() => "The working directory does not exist any more.",
        FileNotFoundException { FileName: { } name } missing when name.Contains(", Version=", StringComparison.Ordinal) =>
            LastWords.Describe(missing),
        IOException { HResult: NoMoreThreads } refused when !refused.Message.Contains('\'', StringComparison.Ordinal) =>
            "The system, or a limit of this process (ulimit -u), allows no more threads.",
        IOException or UnauthorizedAccessException => LastWords.Cause(error).Message.ReplaceLineEndings(" "),
        OutOfMemoryException when command is RunCommand => "Out of memory: a smaller batch_size, or more grad_accum_steps, needs less.",
        OutOfMemoryException =>
            $"Out of memory: {CommandLineSyntax.ProgramName} {command.Name} needs more than there is, or than a limit leaves to it.",
        _ => LastWords.Describe(error),
    };
}
