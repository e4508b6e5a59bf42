using System.Text;
using System.Text.Json;

namespace SparseEngine.Cli.Tests;

/// <summary>Files in the trainer layout of Model Zoo 2.x, by the built program.</summary>
public class TrainerTests
{
    private static readonly string SmallBatches = TinyRun.ValidationInput.Replace("batch_size: 4", "batch_size: 2", StringComparison.Ordinal);
    private static readonly string ThreeLoaders = string.Join(", ", Enumerable.Repeat($"{{{TinyRun.ValidationInput}}}", 3));
    private static readonly string TwoLoaders = $"    val_dataloader: [{{{TinyRun.ValidationInput}}}, {{{SmallBatches}}}]\n";

    [Fact]
    public async Task A_trainer_has_the_losses_and_the_evaluation_of_its_twin_in_the_layout_of_1_8()
    {
        using TinyRun twin = new();
        using TinyRun trainer = TrainerRun.Create();

        ProgramResult result = (await trainer.RunAsync("train_and_eval")).EndsWith(0);
        (await twin.RunAsync("train_and_eval")).EndsWith(0);

        Assert.DoesNotContain("WARNING", result.Output, StringComparison.Ordinal);
        Assert.Equal([2, 4, 6, 8], trainer.Losses().Keys.Order());
        Assert.Equal(twin.Losses(), trainer.Losses());
        Assert.Equal(EvaluationOf(twin), EvaluationOf(trainer));
        Assert.Equal(["checkpoint_8.mdl"], Directory.GetFiles(trainer.Output(""), "*.mdl").Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_trainer_that_is_stopped_goes_on_as_the_unbroken_one()
    {
        using TinyRun unbroken = TrainerRun.Create();
        using TinyRun broken = TrainerRun.Create();

        (await unbroken.RunAsync("train")).EndsWith(0);
        (await broken.RunAsync("train", "--max_steps", "4")).EndsWith(0);
        ProgramResult resumed = (await broken.RunAsync("train")).EndsWith(0);

        Assert.Contains("checkpoint_4.mdl at step 4.", resumed.Output, StringComparison.Ordinal);
        Assert.Equal(unbroken.Losses(), broken.Losses());
    }

    [Fact]
    public async Task Several_loaders_are_evaluated_one_after_another_and_told_apart()
    {
        using TinyRun run = TrainerRun.Create("eval_frequency: 4", TwoLoaders);

        ProgramResult result = (await run.RunAsync("train_and_eval")).EndsWith(0);

        Assert.All(
            ["step 4  validate_0  validation loss ", "step 4  validate_1  validation loss ", "step 8  validate_1  validation loss ",
                "validation loss (validate_0)", "validation perplexity (validate_1)"],
            text => Assert.Contains(text, result.Output, StringComparison.Ordinal));
        List<JsonElement> evaluations = [.. run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _))];
        Assert.Equal(
            [(4, "validate_0"), (4, "validate_1"), (8, "validate_0"), (8, "validate_1")],
            evaluations.Select(line => (line.GetProperty("step").GetInt32(), line.GetProperty("dataloader").GetString()!)));
        Assert.NotEqual(evaluations[2].GetProperty("eval_loss").GetDouble(), evaluations[3].GetProperty("eval_loss").GetDouble());
        string events = Encoding.Latin1.GetString(
            await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(run.Output("eval"))), TestContext.Current.CancellationToken));
        Assert.All(["validate_0/loss", "validate_1/loss", "validate_1/accuracy"], tag => Assert.Contains(tag, events, StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_loader_in_a_list_has_no_name()
    {
        using TinyRun list = TrainerRun.Create(modes: $"    val_dataloader: [{{{TinyRun.ValidationInput}}}]\n");

        ProgramResult result = (await list.RunAsync("train_and_eval", "--max_steps", "2")).EndsWith(0);

        Assert.DoesNotContain("validate_0", result.Output, StringComparison.Ordinal);
        Assert.False(Assert.Single(list.Metrics(), line => line.TryGetProperty("eval_loss", out _)).TryGetProperty("dataloader", out _));
    }

    [Fact]
    public async Task Eval_and_eval_all_take_what_their_sections_say()
    {
        using TinyRun run = TrainerRun.Create(
            modes: TwoLoaders
                + $"  validate:\n    val_dataloader: {{{TinyRun.ValidationInput}}}\n    ckpt_path: out/checkpoint_4.mdl\n"
                + $"  validate_all:\n    val_dataloaders: [{ThreeLoaders}]\n",
            init: "checkpoint: {steps: 4}");
        (await run.RunAsync("train")).EndsWith(0);

        ProgramResult one = (await run.RunAsync("eval")).EndsWith(0);
        ProgramResult newest = (await run.RunAsync("eval", "--checkpoint_path", "out/checkpoint_8.mdl")).EndsWith(0);
        ProgramResult all = (await run.RunAsync("eval_all")).EndsWith(0);

        Assert.Contains("step 4  validation loss ", one.Output, StringComparison.Ordinal);
        Assert.Contains("step 8  validation loss ", newest.Output, StringComparison.Ordinal);
        Assert.All(
            ["step 4  validate_0  ", "step 4  validate_2  ", "step 8  validate_0  ", "step 8  validate_2  "],
            text => Assert.Contains(text, all.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("out/checkpoint_?.mdl", new[] { 2, 4, 6, 8 })]
    [InlineData("[out/checkpoint_8.mdl, out/checkpoint_2.mdl]", new[] { 8, 2 })]
    public async Task Eval_all_can_be_told_which_checkpoints(string paths, int[] steps)
    {
        using TinyRun run = TrainerRun.Create(
            modes: $"  validate_all:\n    val_dataloaders: {{{TinyRun.ValidationInput}}}\n    ckpt_paths: {paths}\n", init: "checkpoint: {steps: 2}");
        (await run.RunAsync("train")).EndsWith(0);

        (await run.RunAsync("eval_all")).EndsWith(0);

        Assert.Equal(
            steps, run.Metrics().Where(line => line.TryGetProperty("eval_loss", out _)).Select(line => line.GetProperty("step").GetInt32()));
    }

    [Fact]
    public async Task A_pattern_that_matches_no_checkpoint_fails_in_one_line()
    {
        using TinyRun run = TrainerRun.Create(
            modes: $"  validate_all:\n    val_dataloaders: {{{TinyRun.ValidationInput}}}\n    ckpt_paths: 'none/*.mdl'\n");

        ProgramResult result = (await run.RunAsync("eval_all")).EndsWith(1);

        Assert.Equal($"none/*.mdl: no file matches; valid: the path of a checkpoint{Environment.NewLine}", result.Errors);
    }

    [Fact]
    public async Task Weights_alone_are_taken_where_a_callback_says_so()
    {
        using TinyRun run = TrainerRun.Create(init: "callbacks: [LoadCheckpointStates: {load_checkpoint_states: model}]");
        (await run.RunAsync("train", "--max_steps", "4", "--model_dir", "first")).EndsWith(0);

        ProgramResult result = (await run.RunAsync("train", "--checkpoint_path", "first/checkpoint_4.mdl")).EndsWith(0);

        Assert.Contains("Starting from first/checkpoint_4.mdl at step 0.", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eval", "trainer.fit.val_dataloader is missing; evaluation needs it")]
    [InlineData("train_and_eval", "trainer.fit.val_dataloader is missing; training needs it")]
    public async Task A_mode_without_its_data_names_the_loader_that_is_missing(string mode, string error)
    {
        using TinyRun run = TrainerRun.Create(modes: "");

        ProgramResult result = (await run.RunAsync(mode)).EndsWith(2);

        Assert.Equal($"params.yaml: {error}{Environment.NewLine}", result.Errors);
    }

    [Fact]
    public async Task A_misspelt_loader_is_told_of_and_the_run_trains()
    {
        using TinyRun run = TrainerRun.Create(modes: "    val_datloader: {}\n");

        ProgramResult result = (await run.RunAsync("train", "--max_steps", "2")).EndsWith(0);

        Assert.Contains(
            ": trainer.fit.val_datloader is not a known key; did you mean val_dataloader?", result.Output + result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_that_do_not_exist_are_named_by_their_key()
    {
        using TinyRun run = TrainerRun.Create(
            modes: "    val_dataloader: {data_processor: GptHDF5MapDataProcessor, data_dir: none, batch_size: 1}\n");

        ProgramResult result = (await run.RunAsync("train_and_eval")).EndsWith(1);

        Assert.Contains("trainer.fit.val_dataloader.data_dir \"none\" does not exist", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_one_trainer_is_refused_in_one_line()
    {
        using TinyRun run = new();
        run.WriteFile("params.yaml", "trainer:\n- trainer: {init: {}}\n- trainer: {init: {}}\n");

        ProgramResult result = (await run.RunAsync("train")).EndsWith(2);

        Assert.Equal(
            "params.yaml:1:1: trainer is a list of 2 trainers, which run one after another; valid: one, so give each a file of its own"
            + Environment.NewLine,
            result.Errors);
    }

    [Fact]
    public async Task The_plan_and_the_flops_are_those_of_the_twin()
    {
        using TinyRun twin = new();
        using TinyRun trainer = TrainerRun.Create();

        foreach (string[] command in (string[][])
            [["run", "CSX", "-p", "params.yaml", "-m", "train", "--validate_only"], ["flops", "-p", "params.yaml", "--json"]])
        {
            ProgramResult expected = (await ProgramProcess.RunAsync(twin.Location, command)).EndsWith(0);
            ProgramResult result = (await ProgramProcess.RunAsync(trainer.Location, command)).EndsWith(0);

            Assert.Equal(WithoutTimes(expected.Output), WithoutTimes(result.Output));
        }
    }

    [Fact]
    public async Task A_checkpoint_of_a_trainer_is_pruned_reported_and_speaks()
    {
        using TinyRun run = TrainerRun.Create();
        (await run.RunAsync("train_and_eval")).EndsWith(0);

        ProgramResult pruned = (await ProgramProcess.RunAsync(
            run.Location, "sparsify", "-i", "out/checkpoint_8.mdl", "-o", "pruned.mdl", "-p", "params.yaml")).EndsWith(0);
        (await ProgramProcess.RunAsync(run.Location, "report", "--model_dir", "out", "--output", "report.html")).EndsWith(0);
        (await ProgramProcess.RunAsync(
            run.Location, "generate", "--checkpoint_path", "out/checkpoint_8.mdl", "--prompt", "My", "--max_tokens", "3")).EndsWith(0);

        Assert.Contains("4,096 of 16,384 elements of 12 weights kept (75% zeros)", pruned.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dense_trainer_is_widened_in_its_own_layout()
    {
        using TinyRun run = TrainerRun.Create();
        string yaml = await File.ReadAllTextAsync(Path.Combine(run.Location, "params.yaml"), TestContext.Current.CancellationToken);
        run.WriteFile("dense.yaml", yaml.Replace("    sparsity: {sparsity: 0.75, init_method: random, seed: 11}\n", "", StringComparison.Ordinal));

        (await ProgramProcess.RunAsync(
            run.Location, "flops", "-p", "dense.yaml", "--iso-flop", "sparse-wide", "--sparsity", "0.75", "-o", "wide.yaml")).EndsWith(0);
        ProgramResult refused = (await ProgramProcess.RunAsync(
            run.Location, "flops", "-p", "params.yaml", "--iso-flop", "sparse-wide", "--sparsity", "0.75")).EndsWith(2);
        ProgramResult wide = (await ProgramProcess.RunAsync(
            run.Location, "run", "CPU", "-p", "wide.yaml", "-m", "train", "-o", "wide", "--max_steps", "2", "--threads", "1")).EndsWith(0);

        Assert.Contains("Will apply sparsity to 12 weights with {'sparsity': 0.75, 'init_method': 'random'", wide.Output, StringComparison.Ordinal);
        Assert.Equal(
            $"params.yaml:15:5: trainer.init.sparsity is given already; Sparse Wide starts from a dense run: leave it out{Environment.NewLine}",
            refused.Errors);
    }

    private static double EvaluationOf(TinyRun run) =>
        Assert.Single(run.Metrics(), line => line.TryGetProperty("eval_loss", out _)).GetProperty("eval_loss").GetDouble();

    /// <summary>Log lines begin with the time.</summary>
    private static string[] WithoutTimes(string output) =>
        [.. output.Split('\n').Select(line => line[Math.Max(0, line.IndexOf(" INFO: ", StringComparison.Ordinal))..])];
}
