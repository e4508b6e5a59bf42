using SparseEngine.Configuration;
using SparseEngine.Sweeps;

namespace SparseEngine.Tests.Sweeps;

/// <summary>Keys that change together, and what goes for each run of a grid: a budget.</summary>
public sealed class SweepAxisTests : IDisposable
{
    private const string Yaml = """
        train_input: {data_processor: GptHDF5DataProcessor, data_dir: samples, max_sequence_length: 32, batch_size: 4}
        model: {vocab_size: 256, hidden_size: 32, num_hidden_layers: 1, num_heads: 2, filter_size: 64, max_position_embeddings: 32}
        sparsity: {sparsity: 0.75, init_method: random}
        optimizer:
          optimizer_type: AdamW
          learning_rate:
          - {scheduler: Linear, initial_learning_rate: 0., end_learning_rate: 1e-3, steps: 5}
          - {scheduler: Linear, initial_learning_rate: 1e-3, end_learning_rate: 1e-4, steps: 5}
        runconfig: {num_steps: 8}
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void One_value_is_that_of_all_keys_of_an_axis()
    {
        SweepGrid grid = Grid(["optimizer.learning_rate[0].end_learning_rate:optimizer.learning_rate[1].initial_learning_rate=2e-3,4e-3"]);

        Assert.Equal(["end_learning_rate=2e-3", "end_learning_rate=4e-3"], grid.Runs.Select(run => run.Name));
        Assert.Equal([2e-3, 4e-3], grid.Runs.Select(run => Linear(run, 0).End));
        Assert.Equal([2e-3, 4e-3], grid.Runs.Select(run => Linear(run, 1).Initial));
    }

    [Fact]
    public void Values_side_by_side_are_those_of_the_keys_in_their_order_and_cross_with_other_axes()
    {
        SweepGrid grid = Grid(["model.hidden_size:model.filter_size:model.num_heads=32:64:2, 64:256:4", "sparsity.sparsity=0,0.5"]);

        Assert.Equal(
            ["hidden_size=32,sparsity=0", "hidden_size=32,sparsity=0.5", "hidden_size=64,sparsity=0", "hidden_size=64,sparsity=0.5"],
            grid.Runs.Select(run => run.Name));
        Assert.Equal([64, 64, 256, 256], grid.Runs.Select(run => run.Parameters.Model.FilterSize));
        Assert.Equal([2, 2, 4, 4], grid.Runs.Select(run => run.Parameters.Model.Heads));
        Assert.Equal(["64:256:4", "0.5"], grid.Runs[^1].Values);
    }

    [Fact]
    public void A_contestant_is_a_section_from_a_file_beside_its_sizes_and_its_name_has_the_keys_that_tell_it()
    {
        File.WriteAllText(directory.File("rigl.yaml"), "sparsity: {algorithm: rigl, sparsity: 0.75, update: {freq: 2}}");

        SweepGrid grid = Grid(
            [
                "sparsity:model.hidden_size:model.filter_size="
                + "none:32:64,@rigl.yaml:32:64,@rigl.yaml:64:128,{sparsity: 0.9, init_method: random}:64:128",
            ]);

        Assert.Equal(
            [
                "sparsity+hidden_size=none+32", "sparsity+hidden_size=rigl+32", "sparsity+hidden_size=rigl+64",
                "sparsity+hidden_size=-sparsity--0.9--init_method--random-+64",
            ],
            grid.Runs.Select(run => run.Name));
        Assert.Equal([false, true, true, false], grid.Runs.Select(run => run.Parameters.Sparsity?.IsDynamic ?? false));
        Assert.Equal([32, 32, 64, 64], grid.Runs.Select(run => run.Parameters.Model.HiddenSize));
    }

    [Theory]
    [InlineData(
        "model.hidden_size:model.filter_size=32:64:2",
        "--set model.hidden_size:model.filter_size has 32:64:2, 3 values for 2 keys; valid: a value for each key in their order, or one for all")]
    [InlineData(
        "model.hidden_size:model.filter_size=32:64,64:",
        "--set model.hidden_size:model.filter_size has an empty value; valid: model.hidden_size:model.filter_size=VALUE:VALUE,VALUE:VALUE, "
        + "or none for a run without the key")]
    [InlineData(
        "model.hidden_size:=32:64",
        "--set is \"model.hidden_size:=32:64\", of which \"\" names no key; "
        + "valid: a path such as optimizer.learning_rate or optimizer.learning_rate[0].steps")]
    [InlineData("model.hidden_size:model.hidden_size=32:64",
        "--set model.hidden_size is given twice; valid: all of its values in one, --set model.hidden_size=32,64")]
    [InlineData(
        "model.hidden_size:model.filter_size=32:64,32:64",
        "--set model.hidden_size:model.filter_size has 32:64 twice; valid: each value once")]
    [InlineData("model.hidden_size:model.num_heads=32:2,32:3",
        "model.hidden_size:model.num_heads=32:3: params.yaml: model.num_heads is 3; valid: a divisor of hidden_size, 32")]
    [InlineData("model.hidden_size:model.filtersize=32:64",
        "--set model.filtersize: model.filtersize is not a known key; did you mean filter_size?")]
    public void What_does_not_go_together_is_told_in_a_line(string setting, string line)
    {
        string refusal = Assert.Throws<ConfigurationException>(() => Grid([setting])).Message;
        Assert.Equal(line, refusal.Replace(directory.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_budget_stands_in_each_run_and_the_length_stays_what_its_schedules_are_written_for()
    {
        SweepGrid timed = Grid(["sparsity.sparsity=0.5"], Budget(time: 90));
        SweepGrid counted = Grid(["sparsity.sparsity=0.5"], Budget(steps: 20));

        RunConfig config = Assert.Single(timed.Runs).Parameters.RunConfig;
        Assert.Equal((TimeSpan.FromSeconds(90), null, 8, null), (config.TimeBudget, config.BudgetSteps, config.NumSteps, config.MaxSteps));
        config = Assert.Single(counted.Runs).Parameters.RunConfig;
        Assert.Equal((null, 20, 8), (config.TimeBudget, config.BudgetSteps, config.NumSteps));
    }

    [Fact]
    public void An_option_and_a_key_must_not_say_the_same()
    {
        Assert.Equal("--max_steps and --set runconfig.num_steps are both given; valid: one of them",
            Refusal("runconfig.num_steps=4,8", new RunConfigOverrides { MaxSteps = 4 }));
        Assert.Equal("--time_budget and --set runconfig.time_budget are both given; valid: one of them",
            Refusal("runconfig.time_budget=1m,2m", Budget(time: 90)));
        Assert.Equal("--budget_steps and --set runconfig.time_budget are both given; valid: one of them",
            Refusal("runconfig.time_budget=1m,2m", Budget(steps: 20)));
        Assert.Equal("--time_budget and --budget_steps are both given, and each says how long to train; valid: one of them",
            Refusal("sparsity.sparsity=0.5", Budget(time: 90, steps: 20)));
    }

    private static RunConfigOverrides Budget(double? time = null, int? steps = null) =>
        new() { TimeBudget = time is { } seconds ? TimeSpan.FromSeconds(seconds) : null, BudgetSteps = steps };

    private static PolynomialScheduler Linear(SweepRun run, int index) =>
        Assert.IsType<PolynomialScheduler>(run.Parameters.Optimizer!.LearningRate.Schedulers[index]);

    private string Refusal(string setting, RunConfigOverrides overrides) =>
        Assert.Throws<ConfigurationException>(() => Grid([setting], overrides)).Message;

    private SweepGrid Grid(string[] settings, RunConfigOverrides? overrides = null)
    {
        File.WriteAllText(directory.File("params.yaml"), Yaml);
        return SweepGrid.Create(new SweepRequest
        {
            ParametersFile = directory.File("params.yaml"),
            Settings = [.. settings],
            Overrides = overrides ?? new RunConfigOverrides(),
        });
    }
}
