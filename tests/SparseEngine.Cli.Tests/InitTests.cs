using System.CommandLine;
using System.Text.Json;
using SparseEngine.Cli.Hosting;
using SparseEngine.Cli.Shells;
using SparseEngine.Cli.Templates;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Cli.Tests;

public class InitTests
{
    private static readonly string Text = Path.Combine(AppContext.BaseDirectory, "data", "coriolanus.txt");

    public static TheoryData<string> Templates => [.. RunTemplate.All.Select(template => template.Name)];

    [Theory]
    [InlineData("tiny", "484,416")]
    [InlineData("mini", "842,496")]
    [InlineData("midi", "1,853,568")]
    [InlineData("small", "25,482,240")]
    [InlineData("gpt2-small", "124,439,808")]
    public async Task A_template_is_valid_as_it_is_and_has_the_parameters_that_its_name_says(string name, string parameters)
    {
        using TemporaryFolder folder = new();
        string file = $"{name}.yaml";

        ProgramResult written = await InitAsync(folder, name);
        ProgramResult validated = (await ProgramProcess.RunAsync(
            folder.Location, "run", "CPU", "-p", file, "-m", "train_and_eval", "--validate_only")).EndsWith(0);

        Assert.StartsWith($"{file}: ", written.Output, StringComparison.Ordinal);
        Assert.Empty(RunParametersReader.ReadFile(folder.File(file)).Warnings);
        Assert.Contains(parameters, validated.Output, StringComparison.Ordinal);
        Assert.Equal([file], Directory.GetFileSystemEntries(folder.Location).Select(Path.GetFileName));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Every_section_of_a_template_begins_with_a_comment(string name)
    {
        using TemporaryFolder folder = new();
        await InitAsync(folder, name);

        string[] lines = await File.ReadAllLinesAsync(folder.File($"{name}.yaml"), TestContext.Current.CancellationToken);

        foreach (int section in lines.Index().Where(line => line.Item.Length > 0 && char.IsLetter(line.Item[0])).Select(line => line.Index))
        {
            Assert.StartsWith("# ", lines[section - 1], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task The_commands_that_init_prints_are_those_of_the_files_comment_and_valid(string name)
    {
        using TemporaryFolder folder = new();
        string file = folder.File("sub folder", "it's mine.yaml");

        string[] lines = (await InitAsync(folder, name, "-o", file)).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

        string comments = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        string quoted = @"'" + file.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
        Assert.Contains(lines, line => line.Contains($"run CPU --params {quoted}", StringComparison.Ordinal));
        Assert.All(lines.Skip(1), line =>
        {
            Assert.Contains($"# {line}", comments, StringComparison.Ordinal);
            Assert.DoesNotContain("configs/", line, StringComparison.Ordinal);
            Assert.Empty(new SparseEngineCommand().Parse([.. ShellWords.Split(line + " ").Complete.Skip(1)], CommandLineSyntax.Parsing).Errors);
        });
    }

    [Fact]
    public async Task The_smallest_template_trains_and_evaluates_on_text_of_ones_own()
    {
        using TemporaryFolder folder = new();
        await InitAsync(folder, "--data_dir", Text);

        ProgramResult run = (await ProgramProcess.RunAsync(
            folder.Location, "run", "CPU", "-p", "tiny.yaml", "-m", "train_and_eval", "-o", "out", "--max_steps", "3", "--eval_steps", "1",
            "--threads", "1")).EndsWith(0);

        Assert.DoesNotContain("WARNING", run.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("out", "checkpoint_3.mdl")));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Both_layouts_of_a_template_say_the_same(string name)
    {
        using TemporaryFolder folder = new();
        await InitAsync(folder, name, "-o", "sections.yaml", "--layout", "sections");
        ProgramResult written = await InitAsync(folder, name, "-o", "trainer.yaml", "--layout", "trainer");

        RunParameters sections = Read(folder.File("sections.yaml"));
        RunParameters trainer = Read(folder.File("trainer.yaml"));

        Assert.Contains(
            "sparse-engine run CPU --params trainer.yaml --mode train_and_eval --model_dir out/trainer", written.Output, StringComparison.Ordinal);
        Assert.Equal(sections.Model, trainer.Model);
        Assert.Equal(sections.RunConfig, trainer.RunConfig);
        Assert.Equal(sections.Optimizer! with { LearningRate = trainer.Optimizer!.LearningRate }, trainer.Optimizer);
        Assert.Equal(sections.Optimizer.LearningRate.Schedulers, trainer.Optimizer.LearningRate.Schedulers);
        Assert.Equal(Of(sections.TrainInput!), Of(trainer.TrainInput!));
        Assert.Equal(Of(sections.EvalInput!), Of(trainer.EvalInput!));
        Assert.Equal(
            sections.Sparsity!.Groups.Select(group => (group.Sparsity, group.Method, group.Seed, group.BlockRows, group.MupBaseDensity)),
            trainer.Sparsity!.Groups.Select(group => (group.Sparsity, group.Method, group.Seed, group.BlockRows, group.MupBaseDensity)));

        static object Of(InputParameters input) => (
            input.DataProcessor, string.Join(',', input.DataDirectories), input.BatchSize, input.MaxSequenceLength, input.Shuffle, input.ShuffleSeed,
            input.ValidationShare);
    }

    [Fact]
    public async Task Both_layouts_of_the_smallest_template_train_to_the_same_losses()
    {
        using TemporaryFolder folder = new();
        List<string> steps = [];
        foreach (string layout in (string[])["sections", "trainer"])
        {
            await InitAsync(folder, "--data_dir", Text, "--layout", layout, "-o", $"{layout}.yaml");
            (await ProgramProcess.RunAsync(
                folder.Location, "run", "CPU", "-p", $"{layout}.yaml", "-m", "train_and_eval", "-o", layout, "--max_steps", "3", "--eval_steps", "1",
                "--threads", "1")).EndsWith(0);
            using JsonDocument last = JsonDocument.Parse(File.ReadLines(folder.File(layout, "metrics.jsonl")).Last());
            using JsonDocument step = JsonDocument.Parse(File.ReadLines(folder.File(layout, "metrics.jsonl")).First());
            JsonElement root = step.RootElement;
            steps.Add($"{root.GetProperty("loss")} {root.GetProperty("grad_norm")} {last.RootElement.GetProperty("eval_loss")}");
        }

        Assert.Equal(steps[0], steps[1]);
    }

    [Fact]
    public async Task A_template_with_a_time_budget_keeps_the_checkpoint_that_its_commands_name()
    {
        using TemporaryFolder folder = new();
        string[] lines = (await InitAsync(folder, "mini", "--data_dir", Text)).Output.Split(Environment.NewLine);
        string generate = lines.Single(line => line.Contains("generate", StringComparison.Ordinal)).Trim();

        (await ProgramProcess.RunAsync(
            folder.Location, "run", "CPU", "-p", "mini.yaml", "-m", "train_and_eval", "-o", "out/mini", "--budget_steps", "3", "--eval_steps", "1",
            "--threads", "1")).EndsWith(0);
        ProgramResult generated = (await ProgramProcess.RunAsync(
            folder.Location, [.. ShellWords.Split(generate + " ").Complete.Skip(1)])).EndsWith(0);

        Assert.Equal(TimeSpan.FromMinutes(6), Read(folder.File("mini.yaml")).RunConfig.TimeBudget);
        Assert.StartsWith("Returns the ", generated.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zeros_rescale_no_deviation_that_sparse_mup_scales()
    {
        using TemporaryFolder folder = new();

        await InitAsync(folder, "midi", "--sparsity", "0.875");

        RunParameters midi = Read(folder.File("midi.yaml"));
        Assert.Equal([0.875], midi.Sparsity!.Groups.Select(group => group.Sparsity));
        Assert.Equal(0.08, midi.Model.Initializer!.StandardDeviation, 4);
    }

    [Theory]
    [InlineData("sections")]
    [InlineData("trainer")]
    public async Task Data_and_sparsity_go_where_they_belong(string layout)
    {
        using TemporaryFolder folder = new();
        await InitAsync(folder, "gpt2-small", "--data_dir", "my \"data\"/", "--sparsity", "0.9", "-o", "mine.yaml", "--layout", layout);
        await InitAsync(folder, "tiny", "--sparsity", "0.875", "--layout", layout);

        RunParameters large = Read(folder.File("mine.yaml"));
        RunParameters tiny = Read(folder.File("tiny.yaml"));
        Assert.Equal(["my \"data\"/train"], large.TrainInput!.DataDirectories);
        Assert.Equal(["my \"data\"/val"], large.EvalInput!.DataDirectories);
        Assert.Equal([0.9], large.Sparsity!.Groups.Select(group => group.Sparsity));
        Assert.Contains(
            "-o 'my \"data\"/' --tokenizer gpt2",
            await File.ReadAllTextAsync(folder.File("mine.yaml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // A quarter of the non-zeros: twice the standard deviation.
        Assert.Equal([0.875], tiny.Sparsity!.Groups.Select(group => group.Sparsity));
        Assert.Equal(0.184, tiny.Model.Initializer!.StandardDeviation, 4);
        Assert.Equal(0.07, tiny.Model.OutputLayerInitializer!.StandardDeviation, 4);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.00001")]
    [InlineData("0.999999")]
    public async Task Any_share_of_zeros_makes_a_valid_file(string sparsity)
    {
        using TemporaryFolder folder = new();

        await InitAsync(folder, "small", "--sparsity", sparsity);

        Assert.Equal([double.Parse(sparsity)], Read(folder.File("small.yaml")).Sparsity!.Groups.Select(group => group.Sparsity));
    }

    [Fact]
    public async Task What_exists_is_overwritten_only_by_force()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("tiny.yaml", "mine");
        Directory.CreateDirectory(folder.File("folder"));

        ProgramResult refused = (await ProgramProcess.RunAsync(folder.Location, "init")).EndsWith(2);
        ProgramResult directory = (await ProgramProcess.RunAsync(folder.Location, "init", "-o", "folder", "--force")).EndsWith(2);

        Assert.Equal($"tiny.yaml: exists already; --force overwrites it{Environment.NewLine}", refused.Errors);
        Assert.Equal($"folder: is a folder; valid: a file{Environment.NewLine}", directory.Errors);
        Assert.Equal("mine", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        await InitAsync(folder, "--force");
        Assert.Empty(RunParametersReader.ReadFile(file).Warnings);
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Location).Length);
    }

    [Fact]
    public async Task A_dash_is_standard_output()
    {
        using TemporaryFolder folder = new();

        ProgramResult result = await InitAsync(folder, "small", "-o", "-");

        Assert.Equal(RunTemplate.All.Single(template => template.Name == "small").Text("small.yaml"), result.Output);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Location));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    public async Task A_name_that_cannot_stand_in_a_comment_is_refused(string name)
    {
        using TemporaryFolder folder = new();

        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, "init", "-o", name)).EndsWith(2);

        Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("--output is ", result.Errors, StringComparison.Ordinal);
    }

    private static async Task<ProgramResult> InitAsync(TemporaryFolder folder, params string[] arguments)
    {
        ProgramResult result = (await ProgramProcess.RunAsync(folder.Location, ["init", .. arguments])).EndsWith(0);
        Assert.Equal("", result.Errors);
        return result;
    }

    private static RunParameters Read(string file)
    {
        ReadResult result = RunParametersReader.ReadFile(file);
        Assert.Empty(result.Warnings);
        return result.Parameters;
    }
}
