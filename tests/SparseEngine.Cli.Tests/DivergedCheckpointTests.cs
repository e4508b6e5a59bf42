namespace SparseEngine.Cli.Tests;

/// <summary>Checkpoints of models that diverged, told from sparse ones.</summary>
public class DivergedCheckpointTests
{
    private const string Norm = "model.ln_f.weight";
    private const string Table = "model.embedding_layer.word_embeddings.weight";
    private const string Weight = "model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight";
    private const string Bias = "model.transformer_decoder.layers.0.self_attn.proj_q_dense_layer.bias";

    [Fact]
    public async Task It_is_refused_with_counts_and_a_name_wherever_it_is_used_and_shown_by_inspect()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        CheckpointFiles.Rewrite(run.Output("checkpoint_8.mdl"), run.Output("checkpoint_9.mdl"), (name, elements) =>
        {
            switch (name)
            {
                case Norm:
                    elements.AsSpan().Fill(float.NaN);
                    break;
                case Bias:
                    elements[3] = float.NegativeInfinity;
                    break;
                default:
                    break;
            }
        });

        await AssertRefusedAsync(run, "32 NaN and 1 infinite values that are no sparse places, in 2 of 36 parameters, first model.ln_f.weight");
        ProgramResult inspected = (await ProgramProcess.RunAsync(run.Location, "inspect", run.Output("checkpoint_9.mdl"))).EndsWith(0);

        Assert.Contains(Norm, inspected.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Table, false, float.NaN, "1 NaN values that are no sparse places, in 1 of 36 parameters, first " + Table)]
    [InlineData(Weight, true, float.NaN, "2,048 NaN values that are no sparse places, in 1 of 36 parameters, first " + Weight)]
    [InlineData(Weight, false, float.PositiveInfinity, "1 infinite values that are no sparse places, in 1 of 36 parameters, first " + Weight)]
    public async Task NaN_in_a_table_or_in_all_of_a_weight_and_an_infinity_anywhere_are_no_sparse_places(
        string name, bool all, float value, string expected)
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        CheckpointFiles.Rewrite(run.Output("checkpoint_8.mdl"), run.Output("checkpoint_9.mdl"), (tensor, elements) =>
        {
            if (tensor == name)
            {
                elements.AsSpan(0, all ? elements.Length : 1).Fill(value);
            }
        });

        await AssertRefusedAsync(run, expected);
    }

    [Fact]
    public async Task A_weight_of_which_a_sparsity_close_to_1_keeps_nothing_has_not_diverged()
    {
        using TinyRun run = new();
        string parameters = Path.Combine(run.Location, "params.yaml");
        File.WriteAllText(parameters, File.ReadAllText(parameters).Replace("sparsity: 0.75,", "sparsity: 0.99999,", StringComparison.Ordinal));
        ProgramResult trained = (await run.RunAsync("train")).EndsWith(0);
        Assert.Contains("nothing of its 2048 elements is kept", trained.Errors, StringComparison.Ordinal);

        (await run.RunAsync("eval")).EndsWith(0);
        (await run.RunAsync("train", "--max_steps", "10")).EndsWith(0);
        (await GenerateAsync(run, "checkpoint_10.mdl")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "convert", "-i", run.Output("checkpoint_10.mdl"), "-o", "hf")).EndsWith(0);
        (await ProgramProcess.RunAsync(
            run.Location, "sparsify", "-i", run.Output("checkpoint_8.mdl"), "-o", "again.safetensors", "-p", "params.yaml")).EndsWith(0);
        (await run.RunAsync("eval", "--checkpoint_path", "again.safetensors")).EndsWith(0);

        // What is kept again is in the list no longer.
        File.WriteAllText(parameters, File.ReadAllText(parameters).Replace("sparsity: 0.99999,", "sparsity: 0.5,", StringComparison.Ordinal));
        (await ProgramProcess.RunAsync(run.Location, "sparsify", "-i", "again.safetensors", "-o", "half.mdl", "-p", "params.yaml")).EndsWith(0);
        ProgramResult inspected = (await ProgramProcess.RunAsync(run.Location, "inspect", "half.mdl", "--json")).EndsWith(0);
        Assert.DoesNotContain("sparsity.empty", inspected.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_does_not_go_on_from_one()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        CheckpointFiles.Rewrite(
            run.Output("checkpoint_8.mdl"), run.Output("checkpoint_9.mdl"), (name, elements) => elements[0] = name is Norm ? float.NaN : elements[0]);

        ProgramResult result = (await run.RunAsync("train", "--max_steps", "12")).EndsWith(1);

        Assert.StartsWith(
            $"{Path.Combine("out", "checkpoint_9.mdl")}: its model has diverged: 1 NaN values", result.Errors, StringComparison.Ordinal);
    }

    private static async Task AssertRefusedAsync(TinyRun run, string expected)
    {
        string path = run.Output("checkpoint_9.mdl");
        ProgramResult evaluated = (await run.RunAsync("eval", "--checkpoint_path", path)).EndsWith(1);
        ProgramResult generated = (await GenerateAsync(run, "checkpoint_9.mdl")).EndsWith(1);
        ProgramResult converted = (await ProgramProcess.RunAsync(run.Location, "convert", "-i", path, "-o", "hf")).EndsWith(1);

        Assert.Equal(
            $"{path}: its model has diverged: {expected}; take a checkpoint from before that (inspect shows what one holds)",
            evaluated.Errors.TrimEnd());
        Assert.Equal(evaluated.Errors, generated.Errors);
        Assert.Equal(evaluated.Errors, converted.Errors);
        Assert.Equal("", generated.Output);
        Assert.False(Directory.Exists(Path.Combine(run.Location, "hf")));
    }

    private static Task<ProgramResult> GenerateAsync(TinyRun run, string checkpoint) => ProgramProcess.RunAsync(
        run.Location, "generate", "--checkpoint_path", run.Output(checkpoint), "--prompt", "Speak, ", "--max_tokens", "3", "--threads", "1");
}
