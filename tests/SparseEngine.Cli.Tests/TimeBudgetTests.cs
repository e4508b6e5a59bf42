using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests;

/// <summary>Runs that are given a time: how they end, go on after a kill, and are repeated.</summary>
public partial class TimeBudgetTests
{
    private const string Schedules = "eval_frequency: 4, early_stop: 1000, keep_best: True";

    [Fact]
    public async Task A_run_ends_with_the_step_that_it_announced_and_the_configuration_that_it_leaves_is_the_run_again()
    {
        using TinyRun run = new(runConfig: Schedules, sparsity: TinyRun.MovingMasks);
        ProgramResult result = (await run.RunAsync("train_and_eval", "--time_budget", "20s")).EndsWith(0);
        string written = File.ReadAllText(run.Output(Path.Combine("train_and_eval", "params_train_and_eval.yaml")));
        IReadOnlyDictionary<int, (double Loss, double GradNorm)> losses = run.Losses();
        IReadOnlyList<string> updates = run.MaskUpdates();

        string[] again = ["-p", "out/train_and_eval/params_train_and_eval.yaml", "-m", "train_and_eval", "-o", "again", "--threads", "1"];
        (await ProgramProcess.RunAsync(run.Location, ["run", "CPU", .. again])).EndsWith(0);
        Directory.Move(run.Output(""), Path.Combine(run.Location, "first"));
        Directory.Move(Path.Combine(run.Location, "again"), run.Output(""));

        string announced = Announcement().Match(result.Output).Groups["steps"].Value.Replace(",", "", StringComparison.Ordinal);
        Assert.Contains($"\n  budget_steps: {announced}\n", written, StringComparison.Ordinal);
        Assert.DoesNotContain("time_budget", written, StringComparison.Ordinal);
        Assert.True(File.Exists(run.Output($"checkpoint_{announced}.mdl")));
        Assert.Equal(losses, run.Losses());
        Assert.Equal(updates, run.MaskUpdates());
    }

    [Fact]
    public async Task A_killed_run_goes_on_to_the_end_that_it_had_with_the_bits_of_an_unbroken_one()
    {
        const int Steps = 400;
        using TinyRun killed = new(checkpointSteps: 1, logSteps: 1, Schedules, TinyRun.MovingMasks);
        using (ProgramProcess program = killed.Start("train_and_eval", "--budget_steps", $"{Steps}"))
        {
            await program.WaitForLineAsync($"checkpoint_{Steps / 8}.mdl");
            program.Kill();
            await program.EndAsync();
        }

        ProgramResult second = (await killed.RunAsync("train_and_eval", "--time_budget", "1m")).EndsWith(0);
        using TinyRun whole = new(checkpointSteps: 1, logSteps: 1, Schedules, TinyRun.MovingMasks);
        (await whole.RunAsync("train_and_eval", "--budget_steps", $"{Steps}")).EndsWith(0);

        Assert.Contains(
            "INFO: the run goes on to step 400: the schedules, written for 8 steps, are stretched by 50", second.Output, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, Steps), killed.Losses().Keys.Order());
        Assert.Equal(whole.Losses(), killed.Losses());
        Assert.Equal(whole.MaskUpdates(), killed.MaskUpdates());
        Assert.Equal(EvaluationLosses(whole), EvaluationLosses(killed));
    }

    [Theory]
    [InlineData("--time_budget and --max_steps are both given", "--time_budget", "10m", "--max_steps", "5")]
    [InlineData("--budget_steps and --num_steps are both given", "--budget_steps", "9", "--num_steps", "5")]
    [InlineData("--time_budget and --num_epochs are both given", "--time_budget", "9", "--num_epochs", "5")]
    [InlineData("--time_budget and --budget_steps are both given", "--time_budget", "9", "--budget_steps", "5")]
    public async Task A_budget_does_not_go_with_a_length(string error, params string[] options)
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train", options)).EndsWith(2);

        Assert.Equal($"command line: {error}, and each says how long to train; give one of them{Environment.NewLine}", result.Errors);
        Assert.False(Directory.Exists(run.Output("")));
    }

    [Fact]
    public async Task What_is_no_time_is_told()
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train", "--time_budget", "10x")).EndsWith(2);

        Assert.StartsWith(
            "--time_budget is \"10x\"; valid: a time above 0, such as 90s, 10m or 1h30m, or seconds", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_evaluation_has_no_budget()
    {
        using TinyRun run = new();

        Assert.Equal(
            $"params.yaml: --time_budget goes with --mode train and train_and_eval alone{Environment.NewLine}",
            (await run.RunAsync("eval", "--time_budget", "10")).EndsWith(2).Errors);
    }

    [Fact]
    public async Task The_description_of_given_steps_is_that_of_the_stretched_run()
    {
        const string Pruning = "{algorithm: gmp, sparsity: {type: linear, init: 0, slope: 0.1}, update: {freq: 2, start: 2}, seed: 1}";
        using TinyRun written = new(sparsity: Pruning);
        using TinyRun stretched = new(sparsity: Pruning);

        ProgramResult first = (await written.RunAsync("train", "--validate_only")).EndsWith(0);
        ProgramResult second = (await stretched.RunAsync("train", "--validate_only", "--budget_steps", "80")).EndsWith(0);

        Assert.Contains("FLOP", Tables(first), StringComparison.Ordinal);
        Assert.Equal(Tables(first), Tables(second));
    }

    private static string Tables(ProgramResult result) =>
        string.Join('\n', result.Output.Split('\n').Where(line => !line.Contains(" INFO: ", StringComparison.Ordinal)));

    private static double[] EvaluationLosses(TinyRun run) =>
    [
        .. run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _)).GroupBy(line => line.GetProperty("step").GetInt32())
            .Select(step => step.Last().GetProperty("eval_loss").GetDouble()),
    ];

    [GeneratedRegex(@"time budget 20 s: (?<steps>[\d,]+) steps? of ")]
    private static partial Regex Announcement();
}
