using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Tests.Configuration;

/// <summary>The YAML that a run leaves in its folder: read again, it is the run with the command line's options.</summary>
public sealed class MergedConfigurationTests : IDisposable
{
    private const string Sections = """
        shared: &input {data_processor: GptHDF5DataProcessor, batch_size: 4, shuffle: no}   # a comment
        train_input: {<<: *input, data_dir: [samples, /nowhere], max_sequence_length: 32}
        model:
          vocab_size: 256
          hidden_size: 32
          num_hidden_layers: 1
          num_heads: 2
          filter_size: 64
          max_position_embeddings: 32
          attention_type: "scaled_dot_product"
        sparsity:
          init_method: topk
          sparsity: 0.5
          param_name_patterns:
            ".*proj_[qkv]_dense_layer\\.weight": {sparsity: 0.25}
            'ffn "two": #.*weight': {init_method: random}
        optimizer: {optimizer_type: AdamW, learning_rate: [{scheduler: Linear, initial_learning_rate: 0., end_learning_rate: 1e-3, steps: 5},
          {scheduler: Constant, learning_rate: 1e-3}]}
        runconfig: {num_epochs: 3, log_steps: 2, seed: 0x10, empty: {}, none: []}
        """;

    private const string Trainer = """
        trainer:
        - trainer:
            init:
              model: {name: gpt2, vocab_size: 256, hidden_size: 32, num_hidden_layers: 1, num_heads: 2, filter_size: 64, max_position_embeddings: 32}
              optimizer: {AdamW: {learning_rate: 0.1, correct_bias: true}}
              loop: {num_steps: 7, eval_steps: 2}
            fit:
              train_dataloader: &data {data_processor: GptHDF5DataProcessor, data_dir: samples, batch_size: 4}
              val_dataloader: *data
        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(Sections)]
    [InlineData(Trainer)]
    public void Read_again_it_is_the_same_run(string yaml)
    {
        Directory.CreateDirectory(directory.File("samples"));
        RunConfigOverrides overrides = new()
        {
            ModelDirectory = "out \"here\"", CheckpointPath = "a: b.mdl", IsPretrainedCheckpoint = true,
            MaxSteps = 40, NumSteps = 12, EvalSteps = 3, NumCsx = 2, Logging = "debug",
        };
        ReadResult read = RunParametersReader.ReadText(yaml, directory.File("params.yaml"), overrides);

        string merged = MergedConfiguration.Of(read.Parameters, "train")!;
        ReadResult again = RunParametersReader.ReadText(merged, directory.File(Path.Combine("out", "train", "params_train.yaml")));

        Assert.Equal(read.Parameters.RunConfig, again.Parameters.RunConfig);
        RunConfig config = again.Parameters.RunConfig;
        Assert.Equal(("out \"here\"", 12, null), (config.ModelDirectory, config.NumSteps, config.NumEpochs));
        Assert.Equal(Text(read.Parameters.Model), Text(again.Parameters.Model));
        Assert.Equal(Text(read.Parameters.Sparsity), Text(again.Parameters.Sparsity));
        Assert.Equal(Rates(read.Parameters), Rates(again.Parameters));
        Assert.Equal(directory.File("samples"), again.Parameters.TrainInput!.DataDirectories[0]);
        Assert.Equal(read.Parameters.TrainInput!.DataDirectories[1..], again.Parameters.TrainInput.DataDirectories[1..]);
        Assert.Equal(
            read.Parameters.TrainInput with { DataDirectories = ImmutableArray<string>.Empty },
            again.Parameters.TrainInput with { DataDirectories = ImmutableArray<string>.Empty });
    }

    [Theory]
    [InlineData(Sections)]
    [InlineData(Trainer)]
    public void Steps_of_a_budget_take_the_place_of_its_time(string yaml)
    {
        string timed = yaml.Replace("seed: 0x10", "time_budget: 10m, early_stop: 3", StringComparison.Ordinal)
            .Replace("eval_steps: 2", "time_budget: 10m, early_stop: 3", StringComparison.Ordinal);
        RunConfigOverrides chosen = new() { BudgetSteps = 77, EarlyStop = 4 };
        RunParameters read = RunParametersReader.ReadText(timed, directory.File("params.yaml"), chosen).Parameters;

        string merged = MergedConfiguration.Of(read, "train")!;

        Assert.DoesNotContain("time_budget", merged, StringComparison.Ordinal);
        RunConfig again = RunParametersReader.ReadText(merged, directory.File("params.yaml")).Parameters.RunConfig;
        Assert.Equal((77, null, 4), (again.BudgetSteps, again.TimeBudget, again.EarlyStop));
    }

    [Fact]
    public void A_run_of_no_file_has_none()
    {
        RunParameters read = RunParametersReader.ReadText(Sections, "params.yaml").Parameters;

        Assert.Null(MergedConfiguration.Of(read with { Text = "" }, "train"));
    }

    // Where the file has something is not what it says.
    private static string Text(object? value) => Regex.Replace(JsonSerializer.Serialize(value), @"""[^""]*\.yaml:\d+:\d+""", "here");

    private static string Rates(RunParameters run) => string.Join("; ", run.Optimizer!.LearningRate.Schedulers);
}
