namespace SparseEngine.Cli.Tests;

public class DamagedCheckpointTests
{
    [Theory]
    [InlineData("empty")]
    [InlineData("cut short")]
    [InlineData("a byte of a tensor flipped")]
    [InlineData("a byte of the structure flipped")]
    public async Task A_damaged_checkpoint_is_named_in_one_line_and_the_one_before_it_is_used(string damage)
    {
        using TinyRun whole = new(checkpointSteps: 4);
        using TinyRun damaged = new(checkpointSteps: 4);
        (await whole.RunAsync("train", "--max_steps", "10")).EndsWith(0);
        (await damaged.RunAsync("train")).EndsWith(0);
        Damage(damaged.Output("checkpoint_8.mdl"), damage);

        ProgramResult result = (await damaged.RunAsync("train", "--max_steps", "10")).EndsWith(0);

        string line = Assert.Single(Lines(result.Errors));
        Assert.Contains($"WARNING: {Path.Combine("out", "checkpoint_8.mdl")}: ", line, StringComparison.Ordinal);
        Assert.EndsWith("; the one before it is used", line, StringComparison.Ordinal);
        Assert.Contains($"{Path.Combine("out", "checkpoint_4.mdl")} at step 4", result.Output, StringComparison.Ordinal);
        Assert.Equal(whole.Losses(), damaged.Losses());
    }

    [Fact]
    public async Task Where_no_checkpoint_is_whole_nothing_is_overwritten()
    {
        using TinyRun run = new();
        (await run.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        Damage(run.Output("checkpoint_4.mdl"), "cut short");
        byte[] metrics = File.ReadAllBytes(run.Output("metrics.jsonl"));

        ProgramResult result = (await run.RunAsync("train")).EndsWith(1);

        string[] lines = Lines(result.Errors);
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("; there is none before it", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("out: holds checkpoints and none is whole; ", lines[1], StringComparison.Ordinal);
        Assert.Equal(metrics, File.ReadAllBytes(run.Output("metrics.jsonl")));
    }

    [Theory]
    [InlineData(0, new[] { 0, 3, 6, 8 })]
    [InlineData(2, new[] { 6, 8 })]
    public async Task A_run_leaves_the_checkpoints_that_its_settings_ask_for(int keep, int[] steps)
    {
        using TinyRun run = new(checkpointSteps: 3, runConfig: $"save_initial_checkpoint: True, keep_checkpoint_max: {keep}");

        (await run.RunAsync("train")).EndsWith(0);

        Assert.Equal(
            steps.Select(step => run.Output($"checkpoint_{step}.mdl")),
            Directory.GetFiles(run.Output(""), "checkpoint_*.mdl").Order(StringComparer.Ordinal));
    }

    private static void Damage(string path, string how)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (how)
        {
            case "empty":
                bytes = [];
                break;
            case "cut short":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case "a byte of a tensor flipped":
                bytes[bytes.Length / 2] ^= 0x10;
                break;
            default:
                bytes[bytes.AsSpan().LastIndexOf("OHDR"u8) + 7] ^= 0x10;
                break;
        }

        File.WriteAllBytes(path, bytes);
    }

    private static string[] Lines(string text) => text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
