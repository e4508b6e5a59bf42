using System.CommandLine;

namespace SparseEngine.Cli.Tests;

public class EmptyArgumentTests
{
    private static readonly string Anywhere = Path.GetTempPath();

    private static readonly SparseEngineCommand Program = new();

    public static TheoryData<string> CommandsWithTexts =>
        [.. Program.Subcommands.Where(command => Texts(command).Any()).Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(CommandsWithTexts))]
    public async Task Every_option_and_argument_that_takes_a_path_or_a_name_is_named_where_it_is_empty(string name)
    {
        Command command = Program.Subcommands.Single(command => command.Name == name);
        string[] options = [.. Texts(command).OfType<Option>().Select(option => option.Name)];
        string[] arguments = [.. Texts(command).OfType<Argument>().Select(argument => argument.Name)];

        ProgramResult result = (await ProgramProcess.RunAsync(
            Anywhere, [name, .. arguments.Select(_ => ""), .. options.SelectMany(option => (string[])[option, ""])])).EndsWith(2);

        string line = Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(
            options.Concat(arguments),
            symbol => Assert.Contains($"{symbol} is empty, as an unset shell variable is; valid: ", line, StringComparison.Ordinal));
        Assert.Equal("", result.Output);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\t \n")]
    [InlineData("\u3000")]
    public async Task Blanks_are_no_path(string blanks)
    {
        ProgramResult result = (await ProgramProcess.RunAsync(Anywhere, "inspect", blanks)).EndsWith(2);

        Assert.Equal(
            $"checkpoint is empty, as an unset shell variable is; valid: FILE. See: sparse-engine inspect --help{Environment.NewLine}",
            result.Errors);
    }

    [Fact]
    public async Task A_prompt_may_be_blanks_and_options_without_effect_may_be_empty()
    {
        ProgramResult prompt = (await ProgramProcess.RunAsync(Anywhere, "generate", "--checkpoint_path", "absent.mdl", "--prompt", " ")).EndsWith(1);
        ProgramResult hidden =
            (await ProgramProcess.RunAsync(Anywhere, "run", "CSX", "-p", "absent.yaml", "-m", "train", "--mount_dirs", "")).EndsWith(2);

        Assert.StartsWith("absent.mdl: ", prompt.Errors, StringComparison.Ordinal);
        Assert.StartsWith("absent.yaml: ", hidden.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_needs_no_value() => (await ProgramProcess.RunAsync(Anywhere, "run", "-o", "", "--help")).EndsWith(0);

    private static IEnumerable<Symbol> Texts(Command command) =>
    [
        .. command.Options.Where(option => !option.Hidden && IsText(option.ValueType)),
        .. command.Arguments.Where(argument => IsText(argument.ValueType) && argument.Arity.MinimumNumberOfValues > 0),
    ];

    private static bool IsText(Type type) => type == typeof(string) || type == typeof(string[]);
}
