using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace SparseEngine.Cli.Help;

/// <summary>What --help does: of a command, System.CommandLine's text and its examples; of the program itself, <see cref="ProgramHelp"/>.</summary>
internal sealed class HelpWithExamples(SparseEngineCommand program) : SynchronousCommandLineAction
{
    private readonly HelpAction help = new();

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        if (command == program)
        {
            ProgramHelp.Write(program);
            return ExitCode.Done;
        }

        help.Invoke(parseResult);
        if (command is IHasExamples { Examples: var examples })
        {
            parseResult.InvocationConfiguration.Output.Write($"Examples:\n{string.Join('\n', examples)}\n");
        }

        return ExitCode.Done;
    }
}
