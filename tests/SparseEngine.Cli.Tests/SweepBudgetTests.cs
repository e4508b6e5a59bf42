using System.Diagnostics;
using System.Text.RegularExpressions;
using static SparseEngine.Cli.Tests.TinySweep;

namespace SparseEngine.Cli.Tests;

/// <summary>Sweeps whose runs are given a time: what each chose, keeps through a kill, and is repeated by.</summary>
public partial class SweepBudgetTests
{
    private const string Level = "sparsity.sparsity=0.5";

    [Fact]
    public async Task Each_run_trains_as_long_and_its_configuration_is_the_run_again()
    {
        using TinyRun run = new(runConfig: "eval_frequency: 4", sparsity: TinyRun.MovingMasks);

        (await SweepAsync(run, ["--set", "sparsity.sparsity=0.5,0.75", "--time_budget", "12s"])).EndsWith(0);

        IReadOnlyList<IReadOnlyDictionary<string, string>> table = Table(run);
        Assert.All(table, row =>
        {
            Assert.Equal(("done", row["budget_steps"]), (row["status"], row["steps"]));
            Assert.True(File.Exists(PathIn(run, row["run"], $"checkpoint_{row["steps"]}.mdl")));
            string configuration = File.ReadAllText(PathIn(run, row["run"], "params.yaml"));
            Assert.Contains($"\n  budget_steps: {row["steps"]}\n", configuration, StringComparison.Ordinal);
            Assert.DoesNotContain("time_budget", configuration, StringComparison.Ordinal);
        });
        string[] alone = ["run", "CPU", "-p", Path.Combine("grid", table[0]["run"], "params.yaml"), "-m", "train_and_eval", "-o", "out"];
        (await ProgramProcess.RunAsync(run.Location, [.. alone, .. Fixed])).EndsWith(0);
        Assert.Equal(table[0]["steps"], $"{run.Losses().Keys.Max()}");
        Assert.Equal(Number(table[0]["training_loss"]), run.Losses()[run.Losses().Keys.Max()].Loss);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_killed_run_goes_on_to_the_end_that_it_had_before_and_after_its_first_checkpoint(int checkpointSteps)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows names no process in a held folder.");
        using TinyRun run = new(checkpointSteps, logSteps: 1, sparsity: TinyRun.MovingMasks);
        string[] line = ["--set", Level, "--time_budget", "15s"];
        const string Name = "sparsity=0.5";
        using (ProgramProcess program = ProgramProcess.Start(run.Location, Arguments(line)))
        {
            await WaitForStepAsync(run, Name, 20);
            while (checkpointSteps > 0 && Directory.GetFiles(PathIn(run, Name), "checkpoint_*.mdl").Length == 0)
            {
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            using Process child = RunOf(run, Name);
            program.Kill();
            child.Kill();
            await program.EndAsync();
        }

        string record = await File.ReadAllTextAsync(
            PathIn(run, Name, "train_and_eval", "params_train_and_eval.yaml"), TestContext.Current.CancellationToken);
        string chosen = BudgetSteps().Match(record).Groups["steps"].Value;
        Assert.Equal(checkpointSteps > 0, Directory.GetFiles(PathIn(run, Name), "checkpoint_*.mdl").Length > 0);

        (await SweepAsync(run, line)).EndsWith(0);

        IReadOnlyDictionary<string, string> row = Assert.Single(Table(run));
        Assert.Equal(("done", chosen, chosen), (row["status"], row["steps"], row["budget_steps"]));
        IEnumerable<string> log = File.ReadLines(PathIn(run, Name, "metrics.jsonl"));
        Assert.Equal(chosen, $"{log.Count(text => text.Contains("\"loss\"", StringComparison.Ordinal))}");
    }

    [Fact]
    public async Task Steps_stretch_the_schedules_of_every_run_or_of_each_its_own_beside_another_key()
    {
        using TinyRun run = new();
        (await SweepAsync(run, ["--set", "sparsity.sparsity=0.5,0.75", "--budget_steps", "12"])).EndsWith(0);
        Assert.Equal([("12", "12"), ("12", "12")], Table(run).Select(row => (row["steps"], row["budget_steps"])));

        Directory.Delete(PathIn(run), recursive: true);
        string[] line = ["--set", "model.hidden_size:model.filter_size:runconfig.budget_steps=32:64:4,16:32:12"];
        (await SweepAsync(run, line)).EndsWith(0);

        string[] columns = ["run", "model.hidden_size", "model.filter_size", "runconfig.budget_steps", "steps"];
        Assert.Equal(
            ["hidden_size=32,32,64,4,4", "hidden_size=16,16,32,12,12"],
            Table(run).Select(row => string.Join(',', columns.Select(column => row[column]))));
        string page = await File.ReadAllTextAsync(PathIn(run, "report.html"), TestContext.Current.CancellationToken);
        Assert.Contains("model.hidden_size:model.filter_size:runconfig.budget_steps=32:64:4,16:32:12", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max_steps and --time_budget are both given, and each says how long to train; valid: one of them", "--max_steps", "4")]
    [InlineData("--time_budget and --budget_steps are both given, and each says how long to train; valid: one of them", "--budget_steps", "4")]
    [InlineData("--time_budget and --set runconfig.budget_steps are both given; valid: one of them", "--set", "runconfig.budget_steps=4,8")]
    public async Task A_time_does_not_go_with_another_length(string error, params string[] options)
    {
        using TinyRun run = new();

        ProgramResult result = (await SweepAsync(run, ["--set", Level, "--time_budget", "1m", .. options])).EndsWith(2);

        Assert.Equal(error + Environment.NewLine, result.Errors);
        Assert.False(Directory.Exists(PathIn(run)));
    }

    [Fact]
    public async Task Another_time_is_another_sweep_and_a_time_too_short_for_a_step_fails_the_run()
    {
        using TinyRun run = new();
        string[] line = ["--set", Level, "--time_budget"];

        (await SweepAsync(run, [.. line, "0.01s"])).EndsWith(1);
        ProgramResult other = (await SweepAsync(run, [.. line, "1m"])).EndsWith(2);

        Assert.Contains("time_budget is 0.01 s, of which ", Assert.Single(Table(run))["error"], StringComparison.Ordinal);
        Assert.Equal(
            "grid: holds another sweep: its runs have CPU --threads 1 --sparse_products sparse --time_budget 0.01, "
            + "not CPU --threads 1 --sparse_products sparse --time_budget 60; valid: the command that it began with, or another folder"
            + Environment.NewLine,
            other.Errors);
        Assert.StartsWith(
            "--time_budget is \"10x\"; valid: a time above 0, such as 90s, 10m or 1h30m, or seconds",
            (await SweepAsync(run, [.. line, "10x"])).EndsWith(2).Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\n  budget_steps: (?<steps>\d+)\n")]
    private static partial Regex BudgetSteps();
}
