using System.Text.Json;
using System.Text.RegularExpressions;

namespace SparseEngine.Cli.Tests;

public partial class RunTests
{
    [Fact]
    public async Task Training_with_redirected_output_writes_a_plain_line_each_log_steps_and_a_closing_table()
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train_and_eval")).EndsWith(0);

        Assert.Equal(["2", "4", "6", "8"], StepLine().Matches(result.Output).Select(match => match.Groups["step"].Value));
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.All(
            ["validation loss", "validation perplexity", "validation accuracy", "checkpoint", "training FLOPs", "saved", "tokens/s"],
            text => Assert.Contains(text, result.Output, StringComparison.Ordinal));
        Assert.Equal("", result.Errors);
    }

    [Fact]
    public async Task Training_leaves_a_checkpoint_metrics_and_a_log_in_the_model_directory()
    {
        using TinyRun run = new();

        (await run.RunAsync("train_and_eval")).EndsWith(0);

        Assert.True(File.Exists(run.Output("checkpoint_8.mdl")));
        string log = Assert.Single(Directory.GetFiles(run.Output(""), "run_*.log"));
        Assert.Contains(" INFO: step 8/8  loss ", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        List<JsonElement> steps = [.. run.Metrics().Where(line => line.TryGetProperty("loss", out _))];
        Assert.Equal([2, 4, 6, 8], steps.Select(line => line.GetProperty("step").GetInt32()));
        Assert.All(steps, line => Assert.True(line.GetProperty("flops_executed").GetDouble() < line.GetProperty("flops_dense").GetDouble()));
        JsonElement evaluation = Assert.Single(run.Metrics(), line => line.TryGetProperty("eval_loss", out _));
        Assert.Equal(Math.Exp(evaluation.GetProperty("eval_loss").GetDouble()), evaluation.GetProperty("eval_perplexity").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Options_of_the_command_line_win_over_the_file()
    {
        using TinyRun run = new();

        (await run.RunAsync("train", "--max_steps", "2")).EndsWith(0);

        Assert.True(File.Exists(run.Output("checkpoint_2.mdl")));
        Assert.False(File.Exists(run.Output("checkpoint_8.mdl")));
    }

    [Fact]
    public async Task The_log_is_named_by_its_time_and_begins_with_the_command_line()
    {
        using TinyRun run = new();

        (await run.RunAsync("train", "--max_steps", "2", "--job_labels", "name=two words")).EndsWith(0);

        string log = Assert.Single(Directory.GetFiles(run.Output(""), "*.log"));
        Assert.Matches(@"^run_\d{8}_\d{6}\.log$", Path.GetFileName(log));
        Assert.EndsWith(
            " INFO: sparse-engine run CPU --params params.yaml --mode train --model_dir out --threads 1 --max_steps 2 --job_labels 'name=two words'",
            File.ReadLines(log).First(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DEBUG", true, true)]
    [InlineData("INFO", false, true)]
    [InlineData("WARNING", false, false)]
    [InlineData("ERROR", false, false)]
    public async Task Logging_chooses_what_the_terminal_and_the_log_say_and_metrics_stay_complete(string level, bool weights, bool progress)
    {
        using TinyRun run = new();

        ProgramResult result = (await run.RunAsync("train_and_eval", "--logging", level)).EndsWith(0);

        string log = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(run.Output(""), "*.log")), TestContext.Current.CancellationToken);
        Assert.All(
            [result.Output, log],
            said =>
            {
                Assert.Equal(weights, said.Contains(" DEBUG: ", StringComparison.Ordinal));
                Assert.Equal(progress, said.Contains(" INFO: ", StringComparison.Ordinal));
                Assert.All(
                    ["training to step 8", "step 8/8  loss", "step 8  validation loss", "step 8  checkpoint"],
                    line => Assert.Equal(progress, said.Contains(line, StringComparison.Ordinal)));
            });
        Assert.Contains("validation perplexity", result.Output, StringComparison.Ordinal);
        Assert.Equal([2, 4, 6, 8, 8], run.Metrics().Select(line => line.GetProperty("step").GetInt32()));
    }

    [Fact]
    public async Task The_number_of_threads_changes_no_result()
    {
        using TinyRun one = new();
        using TinyRun three = new();

        (await one.RunAsync("train")).EndsWith(0);
        (await ProgramProcess.RunAsync(
            three.Location, "run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "3", "--oversubscribe")).EndsWith(0);

        Assert.Equal(one.Losses(), three.Losses());
    }

    /// <summary>Ten thousand threads would take minutes to start, and as long for each step.</summary>
    [Fact]
    public async Task More_threads_than_cores_are_warned_of_and_not_taken()
    {
        using TinyRun one = new();
        using TinyRun many = new();

        (await one.RunAsync("train")).EndsWith(0);
        ProgramResult result = (await ProgramProcess.RunAsync(
            many.Location, "run", "CPU", "-p", "params.yaml", "-m", "train", "-o", "out", "--threads", "10000")).EndsWith(0);

        string cores = Environment.ProcessorCount == 1 ? "1 core" : $"{Environment.ProcessorCount} cores";
        Assert.Contains(
            $"--threads is 10000, and this process has {cores}: it takes {Environment.ProcessorCount}, which is faster "
            + "(--oversubscribe takes all 10000)",
            result.Output + result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(one.Losses(), many.Losses());
    }

    [Fact]
    public async Task A_run_py_line_for_the_wafer_trains_on_the_host_and_says_what_it_ignores()
    {
        using TinyRun run = new();

        ProgramResult result = await ProgramProcess.RunAsync(
            run.Location, "run", "CSX", "weight_streaming", "--params", "params.yaml", "--num_csx=1", "--mode", "train",
            "--model_dir", "out", "--max_steps", "2", "--mount_dirs", "/data", "/code", "--python_paths", "/code",
            "--num_wgt_servers", "2", "--job_labels", "name=test", "--credentials_path", "/key", "-c", "compiled", "--disable_version_check");

        result.EndsWith(0);
        Assert.Contains(
            "INFO: CSX: no Cerebras system is attached to this program; the host computes, and what CS-2s would do is predicted", result.Output,
            StringComparison.Ordinal);
        Assert.Contains(
            "INFO: without effect here: --mount_dirs, --python_paths, --job_labels, --num_wgt_servers, --credentials_path, --compile_dir, "
            + "--disable_version_check",
            result.Output,
            StringComparison.Ordinal);
        Assert.True(File.Exists(run.Output("checkpoint_2.mdl")));
    }

    [Fact]
    public async Task Eval_all_evaluates_every_checkpoint_and_takes_none_from_the_command_line()
    {
        using TinyRun run = new(checkpointSteps: 4);
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult all = (await run.RunAsync("eval_all")).EndsWith(0);
        ProgramResult one = await run.RunAsync("eval_all", "--checkpoint_path", "out/checkpoint_4.mdl");

        Assert.Equal(
            [4, 8], run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _)).Select(line => line.GetProperty("step").GetInt32()));
        Assert.Contains("step 4  validation loss", all.Output, StringComparison.Ordinal);
        one.EndsWith(2);
        Assert.Equal(
            "params.yaml: Checkpoint path cannot be provided with eval_all. Checkpoints inferred from model_dir" + Environment.NewLine, one.Errors);
    }

    [GeneratedRegex(
        @"^step (?<step>\d+)/8  loss \d+\.\d{4}  lr 1\.0e-2  grad norm \d+\.\d\d  \d+ tokens/s  FLOPs \d\d?% of dense  time left [\dhms. ]+\r?$",
        RegexOptions.Multiline)]
    private static partial Regex StepLine();
}
