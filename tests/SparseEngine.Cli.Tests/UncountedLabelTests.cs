using System.Text.Json;
using PureHDF;
using SparseEngine.Checkpoints;

namespace SparseEngine.Cli.Tests;

/// <summary>Samples whose attention_mask is 0 throughout: nothing can be learnt from a batch of them.</summary>
public sealed class UncountedLabelTests : IDisposable
{
    private const int Sequence = 8;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("num_tokens")]
    [InlineData("batch_size")]
    public async Task A_batch_in_which_no_label_counts_ends_the_run_before_its_update_and_is_named(string scaling)
    {
        Write(samples: 8, uncounted: [4, 5], scaling);

        ProgramResult result = (await RunAsync("train")).EndsWith(1);

        Assert.Equal(
            $"step 3: no label of its batch counts: attention_mask is 0 throughout its samples 4, 5 of {folder.File("data", "samples.h5")}; "
            + $"leave out what has no label, or set runconfig.check_loss_values to False to pass over such steps{Environment.NewLine}",
            result.Errors);
        Assert.Equal([1, 2], Steps("out"));
        Assert.Equal(
            ["checkpoint_1.mdl", "checkpoint_2.mdl"],
            Directory.GetFiles(folder.File("out"), "checkpoint_*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Unchecked_such_a_step_changes_nothing_and_says_so()
    {
        Write(samples: 8, uncounted: [4, 5], runConfig: "check_loss_values: False");

        ProgramResult result = (await RunAsync("train", "--max_steps", "3")).EndsWith(0);

        Assert.Contains("WARNING: step 3: no label of its batch counts", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith($"the step changes nothing{Environment.NewLine}", result.Errors, StringComparison.Ordinal);
        Assert.Equal([1, 2], Steps("out"));
        CheckpointFiles.AssertHolds(folder.File("out", "checkpoint_3.mdl"), [.. CheckpointFiles.Read(folder.File("out", "checkpoint_2.mdl"))]);
        Assert.Equal("2", Updates("checkpoint_3.mdl"));
        (await RunAsync("train", "--max_steps", "4")).EndsWith(0);
        Assert.Equal([1, 2, 4], Steps("out"));
    }

    [Fact]
    public async Task One_micro_batch_without_labels_is_no_matter()
    {
        Write(samples: 8, uncounted: [4]);
        (await RunAsync("train", "--max_steps", "4")).EndsWith(0);
        double[] whole = Losses("out");
        Write(samples: 8, uncounted: [4], optimizer: "grad_accum_steps: 2");
        (await RunAsync("train", "--max_steps", "4", "--model_dir", "micro")).EndsWith(0);
        double[] micro = Losses("micro");

        Assert.All(whole.Zip(micro), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public async Task An_evaluation_leaves_such_samples_out()
    {
        Write(samples: 4, uncounted: []);
        (await RunAsync("train", "--max_steps", "2")).EndsWith(0);
        (await RunAsync("eval")).EndsWith(0);
        double whole = EvaluationLoss();

        // The same four samples, with two between them that count for nothing.
        Write(samples: 6, uncounted: [2, 3]);
        ProgramResult result = (await RunAsync("eval")).EndsWith(0);

        Assert.Contains($"over {4 * Sequence} tokens", result.Output, StringComparison.Ordinal);
        Assert.Equal(whole, EvaluationLoss(), 1e-5);
    }

    private static int[] Tokens(int sample) => [.. Enumerable.Range(0, Sequence + 1).Select(t => ((37 * (sample + 1)) + (11 * t)) % 64)];

    private void Write(int samples, int[] uncounted, string scaling = "num_tokens", string runConfig = "", string optimizer = "")
    {
        int[,,] data = new int[samples, 3, Sequence];
        int next = 0;
        for (int sample = 0; sample < samples; sample++)
        {
            bool counts = !uncounted.Contains(sample);
            int[] tokens = Tokens(counts ? next++ : 1000 + sample);
            for (int t = 0; t < Sequence; t++)
            {
                (data[sample, 0, t], data[sample, 1, t], data[sample, 2, t]) = (tokens[t], counts ? 1 : 0, tokens[t + 1]);
            }
        }

        Directory.CreateDirectory(folder.File("data"));
        new H5File { ["data"] = data }.Write(folder.File("data", "samples.h5"));
        const string input = "{data_processor: GptHDF5DataProcessor, data_dir: data, batch_size: 2, shuffle: False}";
        folder.Write("params.yaml", $$"""
            train_input: {{input}}
            eval_input: {{input}}
            model: {vocab_size: 64, hidden_size: 16, num_hidden_layers: 1, num_heads: 2, filter_size: 32, max_position_embeddings: 16,
              loss_scaling: {{scaling}}}
            optimizer: {optimizer_type: AdamW, learning_rate: 1e-2, correct_bias: True, weight_decay_rate: 0.1, {{optimizer}}}
            runconfig: {max_steps: 4, checkpoint_steps: 1, seed: 5, {{runConfig}}}
            """);
    }

    private Task<ProgramResult> RunAsync(string mode, params string[] options) => ProgramProcess.RunAsync(
        folder.Location,
        [
            "run", "CPU", "-p", "params.yaml", "-m", mode, "--threads", "1",
            .. options.Contains("--model_dir") ? [] : (string[])["--model_dir", "out"], .. options,
        ]);

    private JsonElement[] Metrics(string name) =>
        [.. File.ReadLines(folder.File(name, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    private int[] Steps(string name) => [.. Metrics(name).Select(line => line.GetProperty("step").GetInt32())];

    private double[] Losses(string name) => [.. Metrics(name).Select(line => line.GetProperty("loss").GetDouble())];

    private double EvaluationLoss() => Metrics("out")[^1].GetProperty("eval_loss").GetDouble();

    private string Updates(string name)
    {
        using CheckpointReader reader = CheckpointReader.Open(folder.File("out", name));
        return reader.Metadata["optimizer.updates"];
    }
}
