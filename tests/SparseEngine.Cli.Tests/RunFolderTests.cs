using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>One run at a time writes to a model directory; others may read it.</summary>
public class RunFolderTests
{
    [Theory]
    [InlineData("out")]
    [InlineData("link")]
    public async Task A_second_run_in_a_folder_is_refused_in_one_line_that_names_the_first(string modelDirectory)
    {
        using TinyRun run = new(logSteps: 1);
        using ProgramProcess first = run.Start("train", "--max_steps", "1000000");
        await first.WaitForLineAsync("step 3/");
        if (modelDirectory == "link")
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets few users make links.");
            Directory.CreateSymbolicLink(Path.Combine(run.Location, "link"), "out");
        }

        string[] files = Directory.GetFileSystemEntries(run.Output(""));
        ProgramResult second = (await run.RunAsync("train", "--model_dir", modelDirectory)).EndsWith(2);

        string owner = $"process {first.Id} on host {Environment.MachineName}";
        Assert.Equal(
            $"model_dir {modelDirectory} is in use: {owner} runs there; "
            + $"valid: another model_dir, or this one when that run has ended{Environment.NewLine}",
            second.Errors);
        Assert.Equal(files.Order(), Directory.GetFileSystemEntries(run.Output("")).Order());
        Assert.False(first.HasEnded);
    }

    [Fact]
    public async Task A_killed_run_holds_its_folder_no_longer()
    {
        using TinyRun run = new(checkpointSteps: 3, logSteps: 1);
        using ProgramProcess first = run.Start("train", "--max_steps", "1000000");
        await first.WaitForLineAsync("  checkpoint ");
        first.Kill();
        await first.EndAsync();

        ProgramResult second = (await run.RunAsync("train", "--num_steps", "2", "--max_steps", "1000000")).EndsWith(0);

        Assert.Contains("Starting from", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_run_writes_can_be_evaluated_inspected_and_reported_meanwhile_and_stays_whole()
    {
        using TinyRun run = new(checkpointSteps: 4, logSteps: 1, "keep_checkpoint_max: 0");
        using ProgramProcess training = run.Start("train", "--max_steps", "1000000");
        await training.WaitForLineAsync("  checkpoint ");

        ProgramResult evaluation = (await run.RunAsync("eval", "--checkpoint_path", Path.Combine("out", "checkpoint_4.mdl"))).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "inspect", Path.Combine("out", "checkpoint_4.mdl"))).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "report", "--model_dir", "out")).EndsWith(0);
        Assert.False(training.HasEnded);
        await training.SignalAsync("TERM");
        (await training.EndAsync()).EndsWith(143);

        Assert.Contains("validation loss", evaluation.Output, StringComparison.Ordinal);
        Assert.Contains("this evaluation of step 4 is not added to it", evaluation.Errors, StringComparison.Ordinal);
        IReadOnlyList<JsonElement> lines = run.Metrics();
        Assert.Equal(Enumerable.Range(1, lines.Count), lines.Select(line => line.GetProperty("step").GetInt32()));
        (await run.RunAsync("eval", "--checkpoint_path", Path.Combine("out", "checkpoint_4.mdl"))).EndsWith(0);
        Assert.Equal(lines.Count + 1, run.Metrics().Count);
        Assert.True(run.Metrics()[^1].TryGetProperty("eval_loss", out _));
    }

    [Fact]
    public async Task A_run_that_is_refused_leaves_nothing()
    {
        using TinyRun run = new();
        string path = Path.Combine(run.Location, "params.yaml");
        string yaml = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            path, yaml.Replace("eval_input:", "eval_inputs:", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        ProgramResult result = (await run.RunAsync("train_and_eval", "--model_dir", Path.Combine("new", "out"))).EndsWith(2);

        Assert.Contains("eval_input is missing", result.Errors, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFileSystemEntries(run.Location));
    }
}
