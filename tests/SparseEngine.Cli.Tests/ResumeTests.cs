using SparseEngine.Tests.Shared;

namespace SparseEngine.Cli.Tests;

public class ResumeTests
{
    [Fact]
    public async Task A_run_in_two_parts_has_the_losses_of_one_in_one_part()
    {
        using TinyRun whole = new();
        using TinyRun parts = new();

        (await whole.RunAsync("train")).EndsWith(0);
        (await parts.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        ProgramResult second = (await parts.RunAsync("train")).EndsWith(0);

        Assert.Contains("checkpoint_4.mdl at step 4", second.Output, StringComparison.Ordinal);
        Assert.Equal(whole.Losses(), parts.Losses());
    }

    [Theory]
    [InlineData(0, "--checkpoint_path", "out/checkpoint_8.mdl", "--is_pretrained_checkpoint", "--max_steps", "2")]
    [InlineData(4, "--checkpoint_path", "out/checkpoint_4.mdl", "--max_steps", "6")]
    public async Task A_run_that_starts_before_the_newest_checkpoint_of_its_folder_says_what_becomes_of_it(int step, params string[] options)
    {
        using TinyRun run = new(checkpointSteps: 4);
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult earlier = (await run.RunAsync("train", options)).EndsWith(0);

        Assert.Contains($"WARNING: out has checkpoints up to step 8; this run starts from step {step}: ", earlier.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(run.Output("checkpoint_8.mdl")));
        Assert.Empty((await run.RunAsync("train", "--max_steps", "9")).EndsWith(0).Errors);
    }

    [Fact]
    public async Task A_killed_run_goes_on_from_its_last_checkpoint_bit_for_bit()
    {
        using TinyRun whole = new(checkpointSteps: 50);
        using TinyRun killed = new(checkpointSteps: 50);

        (await whole.RunAsync("train", "--max_steps", "120")).EndsWith(0);
        using (ProgramProcess program = killed.Start("train", "--max_steps", "1000000"))
        {
            await program.WaitForLineAsync("checkpoint_50.mdl");
            program.Kill();
            await program.EndAsync();
        }

        (await killed.RunAsync("train", "--max_steps", "120")).EndsWith(0);

        Assert.Equal(whole.Losses(), killed.Losses().Where(step => step.Key <= 120).ToDictionary());
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_a_run_after_its_step_with_a_checkpoint(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        Assert.SkipWhen(
            signal == "INT" && ProgramProcess.InheritsIgnoredInterrupt(), "The tests were started with SIGINT ignored, and so is the program.");
        const int LogSteps = 2;
        using TinyRun run = new(logSteps: LogSteps);
        using ProgramProcess program = run.Start("train", "--max_steps", "1000000");
        await program.WaitForLineAsync("step 4/1000000");

        await program.SignalAsync(signal);
        ProgramResult result = (await program.EndAsync()).EndsWith(exitCode);

        string checkpoint = Assert.Single(Directory.GetFiles(run.Output(""), "checkpoint_*.mdl"));
        int step = int.Parse(Path.GetFileNameWithoutExtension(checkpoint)["checkpoint_".Length..]);
        Assert.InRange(step, 4, 1_000_000 - 1);
        Assert.Contains($"INFO: Stopped at step {step} of 1000000", result.Output, StringComparison.Ordinal);
        int[] logged = [.. Enumerable.Range(1, step / LogSteps).Select(count => count * LogSteps)];
        Assert.Equal(logged, run.Metrics().Select(line => line.GetProperty("step").GetInt32()));
        Assert.Equal(
            logged,
            EventReader.ReadFolder(run.Output("train"))
                .Where(record => record.Values.Any(value => value.Tag == "loss"))
                .Select(record => record.Step));
        ProgramResult more = (await run.RunAsync("train", "--max_steps", $"{step + 2}")).EndsWith(0);
        Assert.Contains($"{Path.Combine("out", $"checkpoint_{step}.mdl")} at step {step}", more.Output, StringComparison.Ordinal);
    }
}
