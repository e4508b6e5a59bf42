using System.CommandLine;
using SparseEngine.Cli.Help;
using SparseEngine.Cli.Hosting;

namespace SparseEngine.Cli.Tests;

public class HelpTests
{
    private static readonly string Anywhere = Path.GetTempPath();

    private static readonly SparseEngineCommand Program = new();

    public static TheoryData<string> Commands => [.. Program.Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_has_one_to_three_examples_that_the_parser_takes(string name)
    {
        Command command = Program.Subcommands.Single(command => command.Name == name);

        IReadOnlyList<Example> examples = Assert.IsAssignableFrom<IHasExamples>(command).Examples;

        Assert.InRange(examples.Count, 1, 3);
        Assert.All(examples, example => AssertParses(example, command));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task The_help_of_a_command_ends_with_its_examples(string name)
    {
        IHasExamples command = (IHasExamples)Program.Subcommands.Single(command => command.Name == name);

        ProgramResult result = (await ProgramProcess.RunAsync(Anywhere, name, "--help")).EndsWith(0);

        Assert.Contains($"sparse-engine {name}", result.Output, StringComparison.Ordinal);
        Assert.Contains("--help", result.Output, StringComparison.Ordinal);
        Assert.EndsWith(
            $"Examples:\n{string.Join('\n', command.Examples)}", result.Output.ReplaceLineEndings("\n").TrimEnd() + "\n", StringComparison.Ordinal);
        Assert.Equal("", result.Errors);
    }

    [Fact]
    public async Task The_programs_help_has_every_command_in_its_group_and_a_first_run()
    {
        ProgramResult result = (await ProgramProcess.RunAsync(Anywhere, "--help")).EndsWith(0);

        string[] lines = result.Output.Split(Environment.NewLine);
        foreach ((string heading, IReadOnlyList<Command> commands) in Program.Groups)
        {
            int start = Array.IndexOf(lines, $"{heading}:");
            Assert.True(start >= 0, heading);
            Assert.Equal(
                commands.Select(command => command.Name),
                lines.Skip(start + 1).TakeWhile(line => line.Length > 0).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
        }

        Assert.All(Program.FirstRun, example =>
        {
            AssertParses(example, expected: null);
            Assert.Contains(example.ToString(), result.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        });
        Assert.All(["--logging", "-h, --help", "--version"], option => Assert.Contains(option, result.Output, StringComparison.Ordinal));
    }

    private static void AssertParses(Example example, Command? expected)
    {
        // What follows a redirection is the shell's.
        ParseResult line = Program.Parse(example.Line.Split(" >")[0], CommandLineSyntax.Parsing);

        Assert.Empty(line.Errors.Select(error => $"{example.Line}: {error.Message}"));
        Assert.Equal((expected ?? line.CommandResult.Command).Name, line.CommandResult.Command.Name);
        Assert.NotSame(Program, line.CommandResult.Command);
    }
}
