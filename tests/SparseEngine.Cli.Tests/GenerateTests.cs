namespace SparseEngine.Cli.Tests;

public class GenerateTests
{
    [Fact]
    public async Task A_trained_model_continues_a_prompt_the_same_way_for_the_same_seed()
    {
        using var run = new TinyRun();
        (await run.RunAsync("train")).EndsWith(0);

        var first = (await GenerateAsync(run, "--seed", "1")).EndsWith(0);
        var again = (await GenerateAsync(run, "--seed", "1")).EndsWith(0);
        var other = (await GenerateAsync(run, "--seed", "2")).EndsWith(0);

        Assert.StartsWith("Speak, ", first.Output, StringComparison.Ordinal);
        Assert.True(first.Output.Length > "Speak, ".Length);
        Assert.Equal(first.Output, again.Output);
        Assert.NotEqual(first.Output, other.Output);
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_is_one_line_and_exit_code_1()
    {
        using var run = new TinyRun();

        var result = (await GenerateAsync(run)).EndsWith(1);

        Assert.Contains("checkpoint_8.mdl", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    private static Task<ProgramResult> GenerateAsync(TinyRun run, params string[] options) => ProgramProcess.RunAsync(
        run.Location, ["generate", "--checkpoint_path", run.Output("checkpoint_8.mdl"), "--prompt", "Speak, ", "--max_tokens", "40", "--threads", "1", .. options]);
}
