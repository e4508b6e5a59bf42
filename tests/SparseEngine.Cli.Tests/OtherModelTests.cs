namespace SparseEngine.Cli.Tests;

/// <summary>A checkpoint used as another model than it was saved from, which its shapes alone would allow.</summary>
public class OtherModelTests
{
    private const string Differences =
        "num_heads was 2 and is 4; nonlinearity was gelu and is relu; attention_type was scaled_dot_product and is dot_product; "
        + "layer_norm_epsilon was 1.0e-05 and is 0.001";

    [Fact]
    public async Task It_is_an_error_with_all_keys_and_both_values_unless_weights_alone_are_taken()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        string checkpoint = run.Output("checkpoint_8.mdl");
        Change(run, "num_heads: 2", "num_heads: 4\n  nonlinearity: relu\n  layer_norm_epsilon: 1e-3");
        Change(run, "attention_type: scaled_dot_product", "attention_type: dot_product");
        string expected = ": was saved from another model than the model section describes: " + Differences;

        ProgramResult resumed = (await run.RunAsync("train", "--max_steps", "10")).EndsWith(2);
        ProgramResult started = (await run.RunAsync("train", "--checkpoint_path", checkpoint, "--model_dir", "other")).EndsWith(2);
        ProgramResult evaluated = (await run.RunAsync("eval")).EndsWith(2);
        ProgramResult converted =
            (await ProgramProcess.RunAsync(run.Location, "convert", "-i", checkpoint, "-o", "hf", "-p", "params.yaml")).EndsWith(2);
        ProgramResult pretrained =
            (await run.RunAsync("train", "--checkpoint_path", checkpoint, "--is_pretrained_checkpoint", "--model_dir", "other")).EndsWith(0);
        ProgramResult evaluatedAlone =
            (await run.RunAsync("eval", "--checkpoint_path", checkpoint, "--is_pretrained_checkpoint", "--model_dir", "other")).EndsWith(0);

        const string remedy =
            "; make the section that of the checkpoint, or give its weights to this model with --checkpoint_path and --is_pretrained_checkpoint";
        Assert.Equal(Path.Combine("out", "checkpoint_8.mdl") + expected + remedy, resumed.Errors.TrimEnd());
        Assert.Equal(checkpoint + expected + remedy, started.Errors.TrimEnd());
        Assert.Equal(resumed.Errors, evaluated.Errors);
        Assert.EndsWith(
            expected + "; leave out --params: the checkpoint says itself what it holds", converted.Errors.TrimEnd(), StringComparison.Ordinal);
        Assert.EndsWith(
            $"WARNING: {checkpoint}{expected}; its weights are used as the section says", Assert.Single(Lines(pretrained.Errors)),
            StringComparison.Ordinal);
        Assert.EndsWith(
            $"WARNING: {checkpoint}{expected}; its weights are used as the section says", Assert.Single(Lines(evaluatedAlone.Errors)),
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(run.Location, "hf")));
    }

    [Fact]
    public async Task An_output_head_that_only_one_of_them_has_is_no_longer_dropped_in_silence()
    {
        using TinyRun run = new();
        Change(run, "num_heads: 2", "num_heads: 2\n  share_embedding_weights: False");
        (await run.RunAsync("train")).EndsWith(0);
        Change(run, "share_embedding_weights: False", "share_embedding_weights: True");

        ProgramResult result = (await run.RunAsync("eval")).EndsWith(2);

        Assert.Contains("describes: share_embedding_weights was false and is true; ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_concerns_training_alone_may_change()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        Change(
            run, "dropout_rate: 0.1",
            "dropout_rate: 0.2\n  embedding_dropout_rate: 0.0\n  initializer_range: 0.5\n  loss_scaling: batch_size\n  loss_weight: 0.5\n"
            + "  compute_eval_metrics: False");

        ProgramResult trained = (await run.RunAsync("train", "--max_steps", "10")).EndsWith(0);
        ProgramResult evaluated = (await run.RunAsync("eval")).EndsWith(0);

        Assert.Equal("", trained.Errors);
        Assert.Equal("", evaluated.Errors);
    }

    [Fact]
    public async Task A_checkpoint_that_does_not_say_what_it_holds_is_taken_as_the_section_says()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        CheckpointFiles.Rewrite(run.Output("checkpoint_8.mdl"), run.Output("silent.mdl"), (_, _) => { }, keepTexts: false);
        Change(run, "num_heads: 2", "num_heads: 4");

        ProgramResult result = (await run.RunAsync("eval", "--checkpoint_path", run.Output("silent.mdl"))).EndsWith(0);

        Assert.Equal("", result.Errors);
    }

    private static string[] Lines(string text) => text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private static void Change(TinyRun run, string text, string replacement)
    {
        string path = Path.Combine(run.Location, "params.yaml");
        string yaml = File.ReadAllText(path);
        Assert.Contains(text, yaml, StringComparison.Ordinal);
        File.WriteAllText(path, yaml.Replace(text, replacement, StringComparison.Ordinal));
    }
}
