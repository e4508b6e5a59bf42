namespace SparseEngine.Cli.Tests;

public class GenerateTests
{
    [Fact]
    public async Task A_trained_model_continues_a_prompt_the_same_way_for_the_same_seed()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult first = (await GenerateAsync(run, "--seed", "1")).EndsWith(0);
        ProgramResult again = (await GenerateAsync(run, "--seed", "1")).EndsWith(0);
        ProgramResult other = (await GenerateAsync(run, "--seed", "2")).EndsWith(0);

        Assert.StartsWith("Speak, ", first.Output, StringComparison.Ordinal);
        Assert.True(first.Output.Length > "Speak, ".Length);
        Assert.Equal(first.Output, again.Output);
        Assert.NotEqual(first.Output, other.Output);
    }

    [Fact]
    public async Task A_nucleus_of_the_likeliest_token_is_what_temperature_0_takes_within_the_window_and_beyond_it()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult greedy = (await GenerateAsync(run, "--temperature", "0")).EndsWith(0);
        ProgramResult nucleus = (await GenerateAsync(run, "--temperature", "1", "--top_k", "0", "--top_p", "1e-6")).EndsWith(0);
        ProgramResult all = (await GenerateAsync(run, "--temperature", "1", "--top_k", "0", "--top_p", "1")).EndsWith(0);

        Assert.Equal(greedy.Output, nucleus.Output);
        Assert.NotEqual(greedy.Output, all.Output);
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_there_is_one_line_and_exit_code_1()
    {
        using TinyRun run = new();

        ProgramResult result = (await GenerateAsync(run)).EndsWith(1);

        Assert.Contains(
            "checkpoint_8.mdl", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task Text_is_shown_while_more_is_being_generated()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        using ProgramProcess program = ProgramProcess.Start(
            run.Location, "generate", "--checkpoint_path", run.Output("checkpoint_8.mdl"), "--prompt", "Speak, ", "--max_tokens", "100000000",
            "--threads", "1");

        string text = await program.ReadAsync("Speak, ".Length + 20);

        Assert.False(program.HasEnded);
        Assert.StartsWith("Speak, ", text, StringComparison.Ordinal);
        program.Kill();
        await program.EndAsync();
    }

    [Fact]
    public async Task A_prompt_outside_the_vocabulary_is_one_line_of_errors_and_no_output()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        await File.WriteAllTextAsync(
            Path.Combine(run.Location, "vocab.json"), """{"S": 0, "p": 1, "e": 2, "a": 3, "k": 4, "<|endoftext|>": 5}""",
            TestContext.Current.CancellationToken);

        ProgramResult result = (await GenerateAsync(run, "--tokenizer", "vocab.json")).EndsWith(1);

        Assert.Contains(
            "vocab.json", Assert.Single(result.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal("", result.Output);
    }

    private static Task<ProgramResult> GenerateAsync(TinyRun run, params string[] options) => ProgramProcess.RunAsync(
        run.Location,
        ["generate", "--checkpoint_path", run.Output("checkpoint_8.mdl"), "--prompt", "Speak, ", "--max_tokens", "40", "--threads", "1", .. options]);
}
