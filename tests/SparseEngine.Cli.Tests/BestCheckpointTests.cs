using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>The best checkpoint, an early end and samples of text, as a person sees them.</summary>
public class BestCheckpointTests
{
    [Fact]
    public async Task A_run_that_gets_no_better_ends_early_and_well_with_the_same_line_when_it_is_started_again()
    {
        using TinyRun run = new(logSteps: 1, runConfig: "eval_frequency: 1, keep_best: True");

        // No loss is below itself: with a learning rate of 0 the first evaluation stays the best.
        run.WriteFile("params.yaml", File.ReadAllText(Path.Combine(run.Location, "params.yaml"))
            .Replace("learning_rate: 1e-2", "learning_rate: 0.0", StringComparison.Ordinal));
        ProgramResult first = (await run.RunAsync("train_and_eval", "--early_stop", "3")).EndsWith(0);
        ProgramResult second = (await run.RunAsync("train_and_eval", "--early_stop", "3")).EndsWith(0);

        const string Line = "INFO: Ended early at step 4 of 8: the 3 evaluations since step 1 brought no validation loss below its ";
        Assert.Contains(Line, first.Output, StringComparison.Ordinal);
        Assert.Contains(Line, second.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["checkpoint_4.mdl", "checkpoint_best.mdl"],
            Directory.GetFiles(run.Output(""), "checkpoint_*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("Training and Evaluation Completed Successfully!", Log(run), StringComparison.Ordinal);

        JsonElement best = JsonDocument.Parse((await ProgramProcess.RunAsync(run.Location, "inspect", "out/checkpoint_best.mdl", "--json"))
            .EndsWith(0).Output).RootElement;
        Assert.Contains(" 1 0 1", best.GetProperty("metadata").GetProperty("validation.best").GetString(), StringComparison.Ordinal);
        ProgramResult all = (await run.RunAsync("eval_all")).EndsWith(0);
        Assert.Single(all.Output.Split('\n'), line => line.StartsWith("step ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sample_is_one_line_and_the_same_in_the_same_run()
    {
        const string Sampled = "eval_frequency: 4, sample_prompt: \"First\\nCitizen:\", sample_tokens: 30";
        using TinyRun first = new(runConfig: Sampled);
        using TinyRun second = new(runConfig: Sampled);

        string[] lines = Samples((await first.RunAsync("train_and_eval")).EndsWith(0));
        string[] again = Samples((await second.RunAsync("train_and_eval")).EndsWith(0));

        Assert.Equal(["step 4  sample: First Citizen:", "step 8  sample: First Citizen:"], lines.Select(line => line[..30]));
        Assert.Equal(lines, again);
        Assert.All(lines, line => Assert.Contains(line, Log(first), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_early_end_needs_evaluations_on_the_way()
    {
        using TinyRun run = new();

        Assert.Equal(
            $"params.yaml: --early_stop is 3, and the run evaluates nothing on its way; it needs --mode train_and_eval{Environment.NewLine}",
            (await run.RunAsync("train", "--early_stop", "3")).EndsWith(2).Errors);
    }

    [Fact]
    public async Task The_trainer_layout_has_the_keys_where_its_own_are()
    {
        using TinyRun run = TrainerRun.Create(
            loop: "eval_frequency: 4, early_stop: 9", init: "checkpoint: {keep_best: True}");
        run.WriteFile("params.yaml", File.ReadAllText(Path.Combine(run.Location, "params.yaml"))
            .Replace("logging: {log_steps: 2}", "logging: {log_steps: 2, sample_prompt: The, sample_tokens: 3}", StringComparison.Ordinal));

        ProgramResult result = (await run.RunAsync("train_and_eval")).EndsWith(0);

        Assert.Equal("", result.Errors);
        Assert.True(File.Exists(run.Output("checkpoint_best.mdl")));
        Assert.Equal(2, Samples(result).Length);
        Assert.Contains(
            "trainer.init.loop.early_stop is 9, and the run evaluates nothing on its way", (await run.RunAsync("train")).EndsWith(2).Errors,
            StringComparison.Ordinal);
    }

    private static string[] Samples(ProgramResult result) =>
        [.. result.Output.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Contains("  sample: ", StringComparison.Ordinal))];

    private static string Log(TinyRun run) =>
        string.Concat(Directory.GetFiles(run.Output(""), "run_*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText));
}
