using System.Diagnostics;
using System.Text.Json;
using static SparseEngine.Cli.Tests.TinySweep;

namespace SparseEngine.Cli.Tests;

/// <summary>Sweeps by the built program, ended in every way that a process can be ended.</summary>
public class SweepTests
{
    private const string Grid = "sparsity.sparsity=0.5,0.75";

    [Fact]
    public async Task A_grid_is_done_run_by_run_and_its_table_has_what_each_came_to()
    {
        using TinyRun run = new();
        run.WriteFile("moving.yaml", $"sparsity: {TinyRun.MovingMasks}");
        string[] line = ["--set", "optimizer.learning_rate=1e-2,3e-3", "--set", "sparsity=none,@moving.yaml", "--max_steps", "4"];

        ProgramResult result = (await SweepAsync(run, line)).EndsWith(0);

        string[] names =
        [
            "learning_rate=1e-2,sparsity=none", "learning_rate=1e-2,sparsity=moving", "learning_rate=3e-3,sparsity=none",
            "learning_rate=3e-3,sparsity=moving",
        ];
        IReadOnlyList<IReadOnlyDictionary<string, string>> table = Table(run);
        Assert.Equal(names, table.Select(row => row["run"]));
        Assert.Equal(["1e-2", "1e-2", "3e-3", "3e-3"], table.Select(row => row["optimizer.learning_rate"]));
        Assert.Equal(["none", "@moving.yaml", "none", "@moving.yaml"], table.Select(row => row["sparsity"]));
        Assert.All(table, row =>
        {
            JsonElement[] metrics = [.. File.ReadLines(PathIn(run, row["run"], "metrics.jsonl")).Select(text => JsonElement.Parse(text))];
            JsonElement last = metrics.Last(entry => entry.TryGetProperty("loss", out _));
            Assert.Equal(("done", "4", "5", ""), (row["status"], row["steps"], row["seed"], row["error"]));
            Assert.Equal(last.GetProperty("loss").GetDouble(), Number(row["training_loss"]));
            Assert.Equal(metrics.Last(entry => entry.TryGetProperty("eval_loss", out _)).GetProperty("eval_loss").GetDouble(),
                Number(row["last_validation_loss"]));
            Assert.Equal(row["last_validation_loss"], row["best_validation_loss"]);
            Assert.Equal(last.GetProperty("seconds").GetDouble(), Number(row["seconds"]));
            Assert.True(Number(row["flops_executed"]) > 0);
            Assert.Contains($"{row["run"]}  done  4 steps in ", result.Output, StringComparison.Ordinal);
            Assert.True(File.Exists(PathIn(run, row["run"], "checkpoint_4.mdl")));
        });
        Assert.Equal(table[0]["parameters"], table[0]["parameters_kept"]);
        Assert.Equal(16_384 * 3 / 4, Number(table[1]["parameters"]) - Number(table[1]["parameters_kept"]));
        Assert.Contains("<h1>Sweep grid</h1>", await File.ReadAllTextAsync(PathIn(run, "report.html"), TestContext.Current.CancellationToken));

        // A run of the grid is an ordinary run: by hand it does the same.
        string[] alone = ["run", "CPU", "-p", Path.Combine("grid", names[1], "params.yaml"), "-m", "train", "-o", "out", "--max_steps", "4"];
        (await ProgramProcess.RunAsync(run.Location, [.. alone, .. Fixed])).EndsWith(0);
        Assert.Equal(Number(table[1]["training_loss"]), run.Losses()[4].Loss);

        // Nothing is left to do, and nothing is done again.
        DateTime written = File.GetLastWriteTimeUtc(PathIn(run, names[0], "metrics.jsonl"));
        ProgramResult again = (await SweepAsync(run, line)).EndsWith(0);
        Assert.DoesNotContain("run 1/4", again.Output, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(PathIn(run, names[0], "metrics.jsonl")));
    }

    [Fact]
    public async Task A_sweep_that_is_killed_goes_on_to_the_table_of_an_undisturbed_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows names no process in a held folder.");
        using TinyRun whole = new(checkpointSteps: 20, logSteps: 1);
        using TinyRun killed = new(checkpointSteps: 20, logSteps: 1);
        string[] line = ["--set", Grid, "--seeds", "2", "--max_steps", "150"];
        string[] names = ["sparsity=0.5,seed=5", "sparsity=0.75,seed=5", "sparsity=0.5,seed=6", "sparsity=0.75,seed=6"];
        (await SweepAsync(whole, line)).EndsWith(0);

        // The sweep and its run at once, as by a power failure; then the sweep alone, whose run must notice.
        foreach ((string name, bool killsRun) in new[] { (names[1], true), (names[2], false) })
        {
            using ProgramProcess program = ProgramProcess.Start(killed.Location, Arguments(line));
            await WaitForStepAsync(killed, name, 30);
            if (killsRun)
            {
                using Process child = RunOf(killed, name);
                program.Kill();
                child.Kill();
            }
            else
            {
                program.Kill();
            }

            await program.EndAsync();
        }

        ProgramResult result = (await SweepAsync(killed, line)).EndsWith(0);

        Assert.DoesNotContain(names[0] + "  done", result.Output, StringComparison.Ordinal);
        Assert.Equal(WithoutTimes(whole), WithoutTimes(killed));
        Assert.All(Table(killed), row => Assert.Equal(("done", "150"), (row["status"], row["steps"])));
    }

    [Fact]
    public async Task A_run_that_fails_is_noted_and_passed_over()
    {
        using TinyRun run = new();
        string[] line = ["--set", "optimizer.learning_rate=1e30,1e-2", "--max_steps", "4"];

        ProgramResult result = (await SweepAsync(run, line)).EndsWith(1);

        IReadOnlyList<IReadOnlyDictionary<string, string>> table = Table(run);
        Assert.Equal(["failed", "done"], table.Select(row => row["status"]));
        Assert.Contains("loss", table[0]["error"], StringComparison.Ordinal);
        Assert.Contains($"run 1/2  learning_rate=1e30  failed: {table[0]["error"]}", result.Output, StringComparison.Ordinal);
        Assert.Equal($"1 of 2 runs failed; the same command with --retry_failed tries again.{Environment.NewLine}", result.Errors);

        ProgramResult again = (await SweepAsync(run, line)).EndsWith(1);
        Assert.DoesNotContain("run 1/2", again.Output, StringComparison.Ordinal);
        ProgramResult retried = (await SweepAsync(run, [.. line, "--retry_failed"])).EndsWith(1);
        Assert.Contains("run 1/2  learning_rate=1e30  failed: ", retried.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("run 2/2", retried.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_the_system_kills_does_not_take_the_sweep_along()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows names no process in a held folder.");
        using TinyRun run = new(logSteps: 1);
        using ProgramProcess program = ProgramProcess.Start(run.Location, Arguments(["--set", "runconfig.max_steps=1000000,4"]));
        await WaitForStepAsync(run, "max_steps=1000000", 5);
        using (Process child = RunOf(run, "max_steps=1000000"))
        {
            child.Kill();
        }

        (await program.EndAsync()).EndsWith(1);

        Assert.Equal(["failed", "done"], Table(run).Select(row => row["status"]));
        Assert.Equal("it was killed: by somebody, or by the system for want of memory", Table(run)[0]["error"]);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_the_sweep_with_a_checkpoint_of_the_run_at_hand(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        Assert.SkipWhen(
            signal == "INT" && ProgramProcess.InheritsIgnoredInterrupt(), "The tests were started with SIGINT ignored, and so is the program.");
        using TinyRun run = new(logSteps: 1);
        string[] line = ["--set", Grid, "--max_steps", "400"];
        using ProgramProcess program = ProgramProcess.Start(run.Location, Arguments(line));
        await WaitForStepAsync(run, "sparsity=0.5", 5);

        await program.SignalAsync(signal);
        ProgramResult result = (await program.EndAsync()).EndsWith(exitCode);

        Assert.Equal(["started", "waiting"], Table(run).Select(row => row["status"]));
        Assert.Contains("Stopped: 2 of 2 runs are still to do; the same command goes on.", result.Errors, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(PathIn(run, "sparsity=0.5"), "checkpoint_*.mdl"));
        (await SweepAsync(run, line)).EndsWith(0);
        Assert.Equal(["done", "done"], Table(run).Select(row => row["status"]));
        IEnumerable<string> log = File.ReadLines(PathIn(run, "sparsity=0.5", "metrics.jsonl"));
        Assert.Equal(400, log.Count(text => text.Contains("\"loss\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_command_and_another_folders_content_are_refused_in_a_line()
    {
        using TinyRun run = new();
        string[] line = ["--set", Grid, "--max_steps", "2"];
        (await SweepAsync(run, line)).EndsWith(0);

        await Refused("grid: holds another sweep: it has --set sparsity.sparsity=0.5,0.75, not sparsity.sparsity=0.5,0.9; "
            + "valid: the command that it began with, or another folder", "--set", "sparsity.sparsity=0.5,0.9", "--max_steps", "2");
        await Refused("grid: holds another sweep: it has no --seeds; valid: the command that it began with, or another folder",
            [.. line, "--seeds", "2"]);
        await Refused("grid: holds another sweep: its runs have CPU --max_steps 2 --threads 1 --sparse_products sparse, "
            + "not CPU --max_steps 3 --threads 1 --sparse_products sparse; valid: the command that it began with, or another folder",
            "--set", Grid, "--max_steps", "3");
        string parameters = Path.Combine(run.Location, "params.yaml");
        string yaml = await File.ReadAllTextAsync(parameters, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(parameters, yaml.Replace("filter_size: 64", "filter_size: 96", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        await Refused("grid: holds another sweep: params.yaml said \"filter_size: 64\" when it began, and says \"filter_size: 96\"; "
            + "valid: the command that it began with, or another folder", line);
        File.Delete(PathIn(run, "sweep.json"));
        await Refused("grid: holds something else than a sweep, such as report.html; valid: a new or empty folder, or that of the same sweep", line);
        await Refused("sparsity.sparsity=1.5: params.yaml: sparsity.sparsity is 1.5; valid: a number in [0, 1)",
            "--set", "sparsity.sparsity=0.5,1.5");

        async Task Refused(string expected, params string[] arguments)
        {
            ProgramResult result = (await SweepAsync(run, arguments)).EndsWith(2);
            Assert.Equal(expected + Environment.NewLine, result.Errors);
        }
    }

    [Fact]
    public async Task The_runs_can_be_listed_without_doing_them()
    {
        using TinyRun run = new();

        ProgramResult result = (await SweepAsync(run, ["--set", Grid, "--seeds", "2", "--validate_only"])).EndsWith(0);

        Assert.All(["sparsity=0.5,seed=5", "sparsity=0.75,seed=6"], name => Assert.Contains(name, result.Output, StringComparison.Ordinal));
        Assert.False(Directory.Exists(PathIn(run)));
    }
}
