using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Help;

/// <summary>What --help does: of a command, System.CommandLine's text and its examples; of the program itself, <see cref="ProgramHelp"/>.</summary>
internal sealed class HelpWithExamples(RootCommand program, IReadOnlyList<CommandGroup> groups, IReadOnlyList<Example> firstRun)
    : SynchronousCommandLineAction
{
    private const int LeastWidth = 60;

    private readonly HelpAction help = new();

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Command command = parseResult.CommandResult.Command;
        if (command == program)
        {
            ProgramHelp.Write(program, groups, firstRun);
            return ExitCode.Done;
        }

        // In fewer columns than a few words need the library breaks lines for ever; the terminal does it then.
        if (!Console.IsOutputRedirected)
        {
            help.MaxWidth = Math.Max(Console.WindowWidth, LeastWidth);
        }

        help.Invoke(parseResult);
        if (command is IHasExamples { Examples: IReadOnlyList<Example> examples })
        {
            parseResult.InvocationConfiguration.Output.Write($"Examples:\n{string.Join('\n', examples)}\n");
        }

        return ExitCode.Done;
    }
}
