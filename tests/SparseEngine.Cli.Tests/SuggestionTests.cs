using System.CommandLine;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Shells;

namespace SparseEngine.Cli.Tests;

public class SuggestionTests
{
    private static readonly SparseEngineCommand Program = new();

    public static TheoryData<string> Commands => [.. Program.Subcommands.Select(command => command.Name)];

    [Theory]
    [InlineData("sparse-engine f", "finalize flops")]
    [InlineData("sparse-engine --log", "--logging")]
    [InlineData("./sparse-engine run ", "CPU GPU CSX")]
    [InlineData("sparse-engine run c", "CPU CSX")]
    [InlineData("sparse-engine run CSX w", "weight_streaming")]
    [InlineData("sparse-engine run CPU --mode ", "train eval train_and_eval eval_all")]
    [InlineData("sparse-engine run CPU -m e", "eval eval_all")]
    [InlineData("sparse-engine run CPU --mode=e", "--mode=eval --mode=eval_all")]
    [InlineData("sparse-engine run CPU --logging w", "WARNING")]
    [InlineData("sparse-engine run CPU --m", "--mode --model_dir --max_steps")]
    [InlineData("sparse-engine run CPU --mode train --m", "--model_dir --max_steps")]
    [InlineData("sparse-engine run CPU --mount_dirs /a /b --mod", "--mode --model_dir")]
    [InlineData("sparse-engine run CPU --mount", "")]
    [InlineData("sparse-engine run CPU --max_steps ", "")]
    [InlineData("sparse-engine run -p 'my file.yaml' ", "CPU GPU CSX")]
    [InlineData(
        "sparse-engine run -p my\\ file.yaml ", "CPU GPU CSX", Skip = "A backslash separates folders on Windows.", SkipWhen = nameof(IsWindows))]
    [InlineData("sparse-engine run CPU -p ", "<FILE>")]
    [InlineData("sparse-engine run CPU --model_dir o", "<DIR>")]
    [InlineData("sparse-engine prepare -i a.txt --tok", "--tokenizer")]
    [InlineData("sparse-engine prepare --tokenizer ", "byte char gpt2 <FILE>")]
    [InlineData("sparse-engine generate --device c", "cuda")]
    [InlineData("sparse-engine generate --prompt \"It is --d", "")]
    [InlineData("sparse-engine inspect ", "<FILE>")]
    [InlineData("sparse-engine inspect a.mdl --j", "--json")]
    [InlineData("sparse-engine init s", "small")]
    [InlineData("sparse-engine completion ", "bash zsh fish pwsh")]
    [InlineData("spar", "")]
    [InlineData("", "")]
    public void A_line_is_continued_by_what_may_stand_there(string line, string expected) =>
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), Labels(line));

    public static bool IsWindows => OperatingSystem.IsWindows();

    [Fact]
    public void Where_nothing_has_to_come_first_the_options_are_offered_without_a_dash()
    {
        Assert.Contains("--checkpoint_path", Labels("sparse-engine generate "));
        Assert.Contains("--validate_only", Labels("sparse-engine run CPU "));
        Assert.Equal(["<FILE>", "--output"], Labels("sparse-engine prepare -i a.txt ").Take(2));
    }

    [Fact]
    public void Commands_and_options_come_with_their_description()
    {
        Assert.Equal(
            Program.Subcommands.Select(command => (command.Name, command.Description)),
            Suggestions.For(Program, "sparse-engine ").Select(item => (item.Label, item.Detail)));
        Assert.All(Suggestions.For(Program, "sparse-engine run CPU -"), item => Assert.NotEmpty(item.Detail!));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void What_is_offered_as_a_value_is_valid(string name)
    {
        Command command = Program.Subcommands.Single(command => command.Name == name);
        foreach (Option option in command.Options.Append(Program.Logging))
        {
            Assert.All(Words(option.HelpName), word => AssertValid(word, name, option.Name, word));
        }

        List<string> before = [name];
        foreach (Argument argument in command.Arguments)
        {
            Assert.All(Words(argument.HelpName), word => AssertValid(word, [.. before, word]));
            before.AddRange(Words(argument.HelpName).Take(1));
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_values_of_an_enumeration_are_offered(string name)
    {
        Command command = Program.Subcommands.Single(command => command.Name == name);

        Assert.All(command.Options.Where(option => option.ValueType.IsEnum), option => Assert.NotEmpty(Words(option.HelpName)));
        Assert.All(command.Arguments.Where(argument => argument.ValueType.IsEnum), argument => Assert.NotEmpty(Words(argument.HelpName)));
    }

    [Theory]
    [InlineData("[suggest]", "sparse-engine de", "devices")]
    [InlineData("[suggest:18]", "sparse-engine devices --json", "devices")]
    [InlineData("[suggest:999]", "sparse-engine devices --js", "--json")]
    [InlineData("[suggest]", "", "")]
    public async Task The_directive_prints_a_suggestion_a_line(string directive, string line, string expected)
    {
        ProgramResult result = (await ProgramProcess.RunAsync(Path.GetTempPath(), directive, line)).EndsWith(0);

        Assert.Equal(
            expected, string.Join(' ', result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split('\t')[0])));
        Assert.Equal("", result.Errors);
    }

    private static IEnumerable<string> Labels(string line) => Suggestions.For(Program, line).Select(item => item.Label);

    private static IReadOnlyList<string> Words(string? helpName) => ValuePlaceholder.Of(helpName).Words;

    private static void AssertValid(string word, params string[] line) => Assert.DoesNotContain(
        Program.Parse(line, CommandLineSyntax.Parsing).Errors, error => error.Message.Contains($"\"{word}\"", StringComparison.Ordinal));
}
