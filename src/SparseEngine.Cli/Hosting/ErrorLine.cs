using System.CommandLine;
using SparseEngine.Checkpoints;
using SparseEngine.Configuration;
using SparseEngine.Data;
using SparseEngine.Distributed;
using SparseEngine.Files;
using SparseEngine.Kernels.Devices;
using SparseEngine.Runs;

namespace SparseEngine.Cli.Hosting;

/// <summary>What an error says to the person at the terminal.</summary>
internal static class ErrorLine
{
    /// <summary>
    /// What the system says (EAGAIN) where it starts no thread; .NET takes it for a file that another process locks, of which there is then no name.
    /// </summary>
    private const int NoMoreThreads = 11;

    /// <summary>Writes it to standard error; with the stack trace where a log level of DEBUG asks for it.</summary>
    public static void Write(Exception error, Command command, string? logging)
    {
        Console.Error.WriteLine(Of(error, command));
        if (string.Equals(logging, "DEBUG", StringComparison.OrdinalIgnoreCase))
        {
            Console.Error.WriteLine(error);
        }
    }

    /// <summary>What the program ends with.</summary>
    public static int ExitCodeOf(Exception error) => error is ConfigurationException ? ExitCode.Usage : ExitCode.Failed;

    /// <summary>One line for an error, or the lines of a configuration's problems.</summary>
    public static string Of(Exception error, Command command) => LastWords.Cause(error) switch
    {
        ConfigurationException or DataException or CheckpointException or TrainingException or DeviceException or OutputException
            or CommunicationException or JointFailure => LastWords.Cause(error).Message,
        FileNotFoundException { FileName: null } when !FolderExists() => "The working directory does not exist any more.",
        DirectoryNotFoundException when !FolderExists() => "The working directory does not exist any more.",
        FileNotFoundException { FileName: { } name } missing when name.Contains(", Version=", StringComparison.Ordinal) =>
            LastWords.Describe(missing),
        IOException { HResult: NoMoreThreads } refused when !refused.Message.Contains('\'', StringComparison.Ordinal) =>
            "The system, or a limit of this process (ulimit -u), allows no more threads.",
        IOException or UnauthorizedAccessException => LastWords.Cause(error).Message.ReplaceLineEndings(" "),
        OutOfMemoryException when command.Name == CommandLineSyntax.Run =>
            "Out of memory: a smaller batch_size, or more grad_accum_steps, needs less.",
        OutOfMemoryException =>
            $"Out of memory: {CommandLineSyntax.ProgramName} {command.Name} needs more than there is, or than a limit leaves to it.",
        _ => LastWords.Describe(error),
    };

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
}
