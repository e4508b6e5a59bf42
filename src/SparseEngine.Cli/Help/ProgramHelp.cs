using System.CommandLine;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Output;
using Spectre.Console;

namespace SparseEngine.Cli.Help;

/// <summary>What <c>sparse-engine --help</c> shows: the commands by what they are for, and a first run.</summary>
internal static class ProgramHelp
{
    private const int LeastTextWidth = 24;

    /// <summary>Writes it to standard output.</summary>
    /// <param name="program">The program.</param>
    /// <param name="groups">Its commands by what they are for.</param>
    /// <param name="firstRun">What somebody new types first.</param>
    public static void Write(RootCommand program, IReadOnlyList<CommandGroup> groups, IReadOnlyList<Example> firstRun)
    {
        Terminal terminal = new();
        terminal.WriteLine(program.Description!);
        terminal.WriteLine($"\nUsage:\n  {CommandLineSyntax.ProgramName} COMMAND [options]");
        int width = program.Subcommands.Max(command => command.Name.Length);
        foreach ((string heading, IReadOnlyList<Command> commands) in groups)
        {
            terminal.WriteLine($"\n{heading}:");
            Write(terminal, [.. commands.Select(command => (command.Name, FirstSentence(command.Description!)))], width);
        }

        (string Name, string Text)[] options =
            [.. program.Options.Where(option => !option.Hidden).Select(option => (Names(option), option.Description!))];
        terminal.WriteLine("\nOptions:");
        Write(terminal, options, options.Max(option => option.Name.Length));

        // As they are: on a terminal, a line broken to fit would be no command.
        Terminal.Write($"\nA first run:\n{string.Join('\n', firstRun)}\n");
        terminal.WriteLine($"'{CommandLineSyntax.ProgramName} COMMAND --help' has a command's options and more examples.");
    }

    /// <summary>Texts beside their names; below them where hardly any width is left.</summary>
    private static void Write(Terminal terminal, IReadOnlyList<(string Name, string Text)> rows, int width)
    {
        if (terminal.Width < width + LeastTextWidth)
        {
            foreach ((string name, string text) in rows)
            {
                terminal.WriteLine($"  {name}\n    {text}");
            }

            return;
        }

        Grid grid = new();
        grid.AddColumn(new GridColumn { Width = width, NoWrap = true, Padding = new Padding(2, 0) });
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0) });
        foreach ((string name, string text) in rows)
        {
            grid.AddRow(new Text(name), new Text(text));
        }

        terminal.Write(grid);
    }

    /// <summary>As -h, --help; the names that begin with a slash are Windows' own, and understood.</summary>
    private static string Names(Option option)
    {
        string names = string.Join(", ", option.Aliases.Where(alias => alias.StartsWith('-')).Order(StringComparer.Ordinal).Append(option.Name));
        return option.HelpName is { } value ? $"{names} <{value}>" : names;
    }

    private static string FirstSentence(string text) => text.IndexOf(". ", StringComparison.Ordinal) is >= 0 and int end ? text[..(end + 1)] : text;
}
