using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>What a run leaves in its folder for scripts that know the Model Zoo's.</summary>
public class RunRecordTests
{
    [Fact]
    public async Task The_merged_configuration_is_the_run_again()
    {
        using TinyRun run = new();
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        string written = File.ReadAllText(run.Output(Path.Combine("train", "params_train.yaml")));
        IReadOnlyDictionary<int, (double Loss, double GradNorm)> losses = run.Losses();

        ProgramResult again = (await ProgramProcess.RunAsync(
            run.Location, "run", "CPU", "-p", "out/train/params_train.yaml", "-m", "train", "-o", "again", "--threads", "1")).EndsWith(0);

        Assert.Equal("", again.Errors);
        Assert.Contains("\n  max_steps: 4\n", written, StringComparison.Ordinal);
        Assert.Contains("\n  model_dir: \"out\"\n", written, StringComparison.Ordinal);
        Assert.Contains("\n  mode: \"train\"\n", written, StringComparison.Ordinal);
        Assert.Equal(4, losses.Keys.Max());
        Assert.Equal(
            losses.Select(step => step.Value.Loss),
            File.ReadLines(Path.Combine(run.Location, "again", "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
                .Where(line => line.TryGetProperty("loss", out _)).Select(line => line.GetProperty("loss").GetDouble()));
    }

    [Fact]
    public async Task A_run_that_goes_on_keeps_what_the_first_part_was_and_adds_to_its_figures()
    {
        using TinyRun run = new();
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        string first = File.ReadAllText(run.Output(Path.Combine("train", "params_train.yaml")));
        (double Samples, double Seconds, double Rate) before = Performance(run);
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        Assert.Single(Directory.GetFiles(run.Output("train"), "params_train*.yaml"));

        (await run.RunAsync("train")).EndsWith(0);
        (double Samples, double Seconds, double Rate) after = Performance(run);

        Assert.Equal((16, 32), (before.Samples, after.Samples));
        Assert.True(after.Seconds > before.Seconds);
        Assert.Equal(after.Samples / after.Seconds, after.Rate, 1e-9);
        Assert.Equal(first, File.ReadAllText(Assert.Single(Directory.GetFiles(run.Output("train"), "params_train_*.yaml"))));
    }

    [Fact]
    public async Task A_killed_run_has_left_its_configuration_and_figures()
    {
        using TinyRun run = new(checkpointSteps: 3, logSteps: 1);
        using ProgramProcess program = run.Start("train", "--max_steps", "1000000");
        await program.WaitForLineAsync("checkpoint_6.mdl");
        program.Kill();
        await program.EndAsync();

        Assert.Contains("max_steps: 1000000", File.ReadAllText(run.Output(Path.Combine("train", "params_train.yaml"))), StringComparison.Ordinal);
        Assert.True(Performance(run).Samples >= 12);
    }

    [Fact]
    public async Task An_evaluation_writes_its_own_and_the_log_has_the_zoos_words()
    {
        using TinyRun run = new();
        (await run.RunAsync("train_and_eval")).EndsWith(0);
        (await run.RunAsync("eval")).EndsWith(0);

        Assert.True(File.Exists(run.Output(Path.Combine("train_and_eval", "params_train_and_eval.yaml"))));
        Assert.True(File.Exists(run.Output(Path.Combine("eval", "params_eval.yaml"))));
        string[] logs = [.. Directory.GetFiles(run.Output(""), "run_*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText)];
        string training = logs.Single(log => log.Contains("--mode train_and_eval", StringComparison.Ordinal));
        Assert.Matches(@"INFO: \| Train_And_Eval Device=cpu, Step=8, Loss=\d\.\d{5}, Time=\d\d:\d\d:\d\d", training);
        Assert.Contains("INFO: Saved checkpoint at global step: 8", training, StringComparison.Ordinal);
        Assert.Matches(@"INFO: Avg eval_metrics = \{'eval/accuracy': [\d.E-]+, 'eval/lm_perplexity': [\d.]+\}", training);
        Assert.Matches(@"INFO: Avg Eval\. Loss = \d\.\d+", training);
        Assert.Contains("INFO: Training and Evaluation Completed Successfully!", training, StringComparison.Ordinal);
        Assert.Contains(logs, log => log.Contains("INFO: Evaluation Completed Successfully!", StringComparison.Ordinal));
    }

    private static (double Samples, double Seconds, double Rate) Performance(TinyRun run)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(run.Output(Path.Combine("performance", "performance.json"))));
        return (
            json.RootElement.GetProperty("total_samples").GetDouble(), json.RootElement.GetProperty("total_time").GetDouble(),
            json.RootElement.GetProperty("samples_per_sec").GetDouble());
    }
}
