using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Runs;
using SparseEngine.Sweeps;

namespace SparseEngine.Tests.Sweeps;

/// <summary>The runs that a command line asks for, and what it is told where it asks for none.</summary>
public sealed class SweepGridTests : IDisposable
{
    private const string Sizes =
        "vocab_size: 256, hidden_size: 32, num_hidden_layers: 1, num_heads: 2, filter_size: 64, max_position_embeddings: 32";

    private const string Sections = $$"""
        train_input: {data_processor: GptHDF5DataProcessor, data_dir: samples, max_sequence_length: 32, batch_size: 4}
        model: { {{Sizes}} }
        sparsity: {sparsity: 0.75, init_method: random}
        optimizer:
          optimizer_type: AdamW
          learning_rate:
          - {scheduler: Linear, initial_learning_rate: 0., end_learning_rate: 1e-3, steps: 5}
          - {scheduler: Constant, learning_rate: 1e-3}
        runconfig: {max_steps: 8, seed: 5}
        """;

    private const string Trainer = $$"""
        trainer:
          init:
            seed: 7
            model: { name: gpt2, {{Sizes}} }
            sparsity: 0.5
            optimizer: {AdamW: {learning_rate: 0.1, correct_bias: true} }
            loop: {max_steps: 8}
          fit:
            train_dataloader: &data {data_processor: GptHDF5DataProcessor, data_dir: samples, batch_size: 4}
            val_dataloader: *data
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_combination_of_values_is_a_run_with_a_telling_name()
    {
        SweepGrid grid = Grid(Sections, "sparsity.sparsity=0,0.5", "optimizer.learning_rate=1e-3,2e-3,[{scheduler: Constant, learning_rate: 5e-3}]");

        Assert.Equal(
            [
                "sparsity=0,learning_rate=1e-3", "sparsity=0,learning_rate=2e-3",
                "sparsity=0,learning_rate=--scheduler--Constant--learning_rate--5e-3--", "sparsity=0.5,learning_rate=1e-3",
                "sparsity=0.5,learning_rate=2e-3", "sparsity=0.5,learning_rate=--scheduler--Constant--learning_rate--5e-3--",
            ],
            grid.Runs.Select(run => run.Name));
        Assert.Equal([0, 0, 0, 0.5, 0.5, 0.5], grid.Runs.Select(run => run.Parameters.Sparsity!.Groups.Single().Sparsity));
        Assert.Equal([1e-3, 2e-3, 5e-3], grid.Runs.Take(3).Select(LearningRate));
        Assert.All(grid.Runs, run => Assert.Equal(RunMode.Train, run.Mode));
        Assert.Equal(grid.Runs[0].ParameterCount, grid.Runs[0].ParametersKept);
        Assert.Equal(8192 / 2, grid.Runs[0].ParametersKept - grid.Runs[3].ParametersKept);
    }

    [Fact]
    public void A_key_may_lie_in_a_list_and_two_that_end_alike_have_whole_names()
    {
        SweepGrid grid = Grid(Sections, "optimizer.learning_rate[0].steps=2,4", "train_input.batch_size=2", "eval_input.batch_size=4,8",
            "eval_input.data_processor=GptHDF5DataProcessor", "eval_input.data_dir=other", "eval_input.max_sequence_length=32");

        Assert.Equal(4, grid.Runs.Length);
        Assert.StartsWith("steps=2,train_input.batch_size=2,eval_input.batch_size=4,data_processor=", grid.Runs[0].Name, StringComparison.Ordinal);
        Assert.Equal([2, 2, 4, 4], grid.Runs.Select(run => run.Parameters.Optimizer!.LearningRate.Schedulers[0].Steps!.Value));
        Assert.Equal([4, 8], grid.Runs.Take(2).Select(run => run.Parameters.EvalInput!.BatchSize));
        Assert.All(grid.Runs, run => Assert.Equal(RunMode.TrainAndEval, run.Mode));
    }

    [Fact]
    public void A_section_may_come_from_a_file_with_or_without_its_name_or_be_left_out()
    {
        Write("rigl.yaml", "sparsity: {algorithm: rigl, sparsity: 0.75, update: {freq: 2}}");
        Write("static.yaml", "sparsity: 0.9\ninit_method: topk\nseed: 3\n");

        SweepGrid grid = Grid(Sections, "sparsity=@rigl.yaml,@static.yaml,none");

        Assert.Equal(["sparsity=rigl", "sparsity=static", "sparsity=none"], Names(grid));
        Assert.True(grid.Runs[0].Parameters.Sparsity!.IsDynamic);
        Assert.Equal((0.9, 3L), (grid.Runs[1].Parameters.Sparsity!.Groups[0].Sparsity, grid.Runs[1].Parameters.Sparsity!.Groups[0].Seed!.Value));
        Assert.Null(grid.Runs[2].Parameters.Sparsity);
    }

    [Fact]
    public void Seeds_follow_the_files_and_what_has_none_of_its_own_follows_them()
    {
        SweepGrid sections = Grid(Sections, seeds: 3, "sparsity.sparsity=0.5,0.75");
        SweepGrid trainer = Grid(Trainer, seeds: 2);
        SweepGrid given = Grid(Sections, seeds: 2, "sparsity.seed=11");

        Assert.Equal(
            [
                "sparsity=0.5,seed=5", "sparsity=0.75,seed=5", "sparsity=0.5,seed=6", "sparsity=0.75,seed=6", "sparsity=0.5,seed=7",
                "sparsity=0.75,seed=7",
            ],
            Names(sections));
        Assert.Equal([5, 5, 6, 6, 7, 7], sections.Runs.Select(run => run.Parameters.RunConfig.Seed));
        Assert.Equal([5L, 5, 6, 6, 7, 7], sections.Runs.Select(run => run.Parameters.Sparsity!.Groups[0].Seed!.Value));
        Assert.Equal(["seed=7", "seed=8"], Names(trainer));
        Assert.Equal([7L, 8], trainer.Runs.Select(run => run.Parameters.Sparsity!.Groups[0].Seed!.Value));
        Assert.Equal([11L, 11], given.Runs.Select(run => run.Parameters.Sparsity!.Groups[0].Seed!.Value));
    }

    [Fact]
    public void A_run_without_a_seed_for_its_masks_gets_that_of_the_run()
    {
        SweepGrid grid = Grid(
            Sections, "sparsity=0.5,[{sparsity: 0.25, init_method: topk}],{groups: [{sparsity: 0.75, init_method: random, seed: 2}]}");

        Assert.Equal([5L, 5, 2], grid.Runs.Select(run => run.Parameters.Sparsity!.Groups.Single().Seed!.Value));
    }

    [Fact]
    public void The_trainer_layout_has_keys_of_its_own()
    {
        SweepGrid grid = Grid(Trainer, "trainer.init.optimizer.AdamW.learning_rate=0.1,0.2", "trainer.init.sparsity=none,0.9");

        Assert.Equal(["learning_rate=0.1,sparsity=none", "learning_rate=0.1,sparsity=0.9"], Names(grid).Take(2));
        Assert.Equal([0.1, 0.1, 0.2, 0.2], grid.Runs.Select(LearningRate));
        Assert.All(grid.Runs, run => Assert.Equal(RunMode.TrainAndEval, run.Mode));
    }

    [Fact]
    public void What_a_run_is_given_reads_as_the_same_run()
    {
        SweepGrid grid = Grid(Sections, seeds: 2, "sparsity.sparsity=0.5", "optimizer.learning_rate=0.25");

        foreach (SweepRun run in grid.Runs)
        {
            RunParameters read = RunParametersReader.ReadText(run.Parameters.Text, "params.yaml").Parameters;

            Assert.Equal(run.Seed, read.RunConfig.Seed);
            Assert.Equal(run.Parameters.Sparsity!.Groups[0].Seed, read.Sparsity!.Groups[0].Seed);
            Assert.Equal(run.Parameters.Optimizer!.LearningRate.Schedulers, read.Optimizer!.LearningRate.Schedulers);
        }
    }

    [Fact]
    public void Steps_that_would_count_anew_when_a_run_goes_on_become_a_last_step()
    {
        SweepGrid grid = Grid(Sections, "runconfig.max_steps=none", "runconfig.num_steps=4,6");

        Assert.Equal([4, 6], grid.Runs.Select(run => run.Parameters.RunConfig.MaxSteps!.Value));
        Assert.All(grid.Runs, run => Assert.Null(run.Parameters.RunConfig.NumSteps));
        Assert.Contains("valid: max_steps", Refusal(Sections, "runconfig.max_steps=none", "runconfig.num_epochs=2"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sparsity.sparsty=0.5", "--set sparsity.sparsty: sparsity.sparsty is not a known key; did you mean sparsity?")]
    [InlineData("sparsty.sparsity=0.5", "--set sparsty.sparsity: sparsty is not a known key; did you mean sparsity?")]
    [InlineData(
        "sparsity.init_method=random,topkk",
        "sparsity.init_method=topkk: params.yaml: sparsity.init_method is \"topkk\"; valid: random, topk, from_zeros, checkerboard")]
    [InlineData("model.num_heads=2,3", "model.num_heads=3: params.yaml: model.num_heads is 3")]
    [InlineData(
        "model.hidden_size=", "--set model.hidden_size has no value; valid: model.hidden_size=VALUE,VALUE, or none for a run without the key")]
    [InlineData("model.hidden_size=32,,64", "--set model.hidden_size has an empty value; valid: ")]
    [InlineData("model.hidden_size=32,32", "--set model.hidden_size has 32 twice; valid: each value once")]
    [InlineData("model.hidden_size", "--set is \"model.hidden_size\"; valid: KEY=VALUE,VALUE, such as sparsity.sparsity=0,0.5,0.75")]
    [InlineData("a b=1", "--set is \"a b=1\", of which \"a b\" names no key; valid: a path such as optimizer.learning_rate")]
    [InlineData("model.hidden_size.x=1", "--set model.hidden_size.x=1: model.hidden_size is 32; valid where model.hidden_size.x is set: a map")]
    [InlineData(
        "optimizer.learning_rate[2].steps=1",
        "--set optimizer.learning_rate[2].steps=1: optimizer.learning_rate is a list of 2; "
        + "valid where optimizer.learning_rate[2].steps is set: a list of more than 2")]
    [InlineData("sparsity=@nowhere.yaml", "nowhere.yaml: there is no such file")]
    [InlineData("model.nonlinearity={a", "--set model.nonlinearity has {a, which is no YAML; valid: a number, a word")]
    [InlineData("model.rotary=none", "--set model.rotary=none: params.yaml has no such key to go without")]
    [InlineData("model=none", "model=none: params.yaml: model is missing; valid: a map of settings")]
    public void What_cannot_be_tried_is_told_in_a_line(string setting, string line)
    {
        string refusal = Refusal(Sections, setting);

        string unplaced = refusal.Replace(directory.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        Assert.StartsWith(line, unplaced, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal);
    }

    [Fact]
    public void Settings_must_not_say_the_same_twice()
    {
        Assert.Equal(
            "--set model.hidden_size is given twice; valid: all of its values in one, --set model.hidden_size=32,64",
            Refusal(Sections, "model.hidden_size=32", "model.hidden_size=64"));
        Assert.Equal(
            "--seeds and --set runconfig.seed are both given; valid: one of them",
            Assert.Throws<ConfigurationException>(() => Grid(Sections, seeds: 2, "runconfig.seed=1,2")).Message);
        Assert.Equal("there is nothing to try; valid: --set KEY=VALUE,VALUE, more than once for a grid, or --seeds N", Refusal(Sections));
    }

    private static double LearningRate(SweepRun run) =>
        Assert.IsType<ConstantScheduler>(run.Parameters.Optimizer!.LearningRate.Schedulers.Single()).LearningRate;

    private static IEnumerable<string> Names(SweepGrid grid) => grid.Runs.Select(run => run.Name);

    private string Refusal(string yaml, params string[] settings) => Assert.Throws<ConfigurationException>(() => Grid(yaml, settings)).Message;

    private SweepGrid Grid(string yaml, params string[] settings) => Grid(yaml, seeds: null, settings);

    private SweepGrid Grid(string yaml, int? seeds, params string[] settings)
    {
        Write("params.yaml", yaml);
        return SweepGrid.Create(new SweepRequest { ParametersFile = directory.File("params.yaml"), Settings = [.. settings], Seeds = seeds });
    }

    private void Write(string name, string text) => File.WriteAllText(directory.File(name), text);
}
