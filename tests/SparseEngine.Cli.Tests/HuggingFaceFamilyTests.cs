using System.Text.Json;
using PureHDF;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Cli.Tests;

/// <summary>Models of Hugging Face other than GPT-2: what they compute once they are converted, and what is said of those that cannot be.</summary>
public sealed class HuggingFaceFamilyTests : IDisposable
{
    private const int Sequence = 12;

    private const string Sections = """
        eval_input: &data {data_processor: GptHDF5DataProcessor, data_dir: ./data/, max_sequence_length: 12, batch_size: 1, shuffle: False}
        train_input: *data
        optimizer: {optimizer_type: AdamW, learning_rate: 1e-3}
        runconfig: {max_steps: 1, log_steps: 1, eval_steps: 1, seed: 1}
        sparsity: {sparsity: 0.5, init_method: topk}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("SmolLM", "llama")]
    [InlineData("Mistral", "mistral")]
    [InlineData("Pythia", "gpt_neox")]
    [InlineData("GPT-J", "gptj")]
    [InlineData("Falcon-RW", "falcon")]
    public async Task A_published_model_has_the_loss_of_a_float64_model_of_its_own_tensors_and_trains_sparsely(string name, string modelType)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(folder.File("there"), shards: 2);
        (int[] ids, int[] labels) = WriteSample(model.Vocabulary);

        ProgramResult converted = (await RunAsync("convert", "-i", "there", "-o", "here.mdl")).EndsWith(0);
        string section = File.ReadAllText(folder.File("here.yaml"));
        File.AppendAllText(folder.File("here.yaml"), Sections);
        string[] rest = ["-p", "here.yaml", "--checkpoint_path", "here.mdl", "--threads", "1"];
        ProgramResult evaluated = (await RunAsync(["run", "CPU", "-m", "eval", "-o", "eval", .. rest])).EndsWith(0);
        ProgramResult trained = (await RunAsync(["run", "CPU", "-m", "train", "-o", "train", .. rest])).EndsWith(0);
        string sparse = Path.Combine("train", "checkpoint_1.mdl");
        ProgramResult back = (await RunAsync("convert", "-i", sparse, "-o", "back", "--to", modelType)).EndsWith(0);

        Assert.Contains(modelType, converted.Output, StringComparison.Ordinal);
        Assert.StartsWith("model:\n", section, StringComparison.Ordinal);
        Assert.Equal("", evaluated.Errors);
        Assert.Equal(model.Loss(ids, labels), Metric("eval", "eval_loss"), 1e-5);
        Assert.Equal("", trained.Errors);
        Assert.Contains("sparse, now 0", back.Output, StringComparison.Ordinal);
        Assert.Equal(
            model.Names.Order(StringComparer.Ordinal),
            CheckpointFiles.Read(folder.File("back", "model.safetensors")).Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(
        "\"model_type\": \"llama\"", "\"model_type\": \"lama\"",
        "model_type is \"lama\"; valid: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon, bloom; nearest: llama")]
    [InlineData(
        "\"rope_scaling\": null", "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}",
        "rope_scaling.rope_type is \"dynamic\"; valid: default, linear, llama3")]
    [InlineData("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4", "num_key_value_heads is 4; valid: a divisor of num_attention_heads, 6")]
    public async Task A_config_without_a_counterpart_is_one_line(string setting, string other, string expected)
    {
        PublishedModels.Create("SmolLM").Save(folder.File("there"));
        folder.Write("there/config.json", PublishedLlama.SmolLm.Replace(setting, other, StringComparison.Ordinal));

        ProgramResult result = (await RunAsync("convert", "-i", "there", "-o", "here.mdl")).EndsWith(1);

        Assert.Equal($"{Path.Combine("there", "config.json")}: {expected}{Environment.NewLine}", result.Errors);
        Assert.False(File.Exists(folder.File("here.mdl")));
    }

    [Theory]
    [InlineData(
        2,
        "--to is \"mistrall\"; valid: zoo-1.8, sparse-engine, gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon, bloom. "
        + "See: sparse-engine convert --help",
        "mistrall")]
    [InlineData(
        1,
        "gpt2.mdl: its model has position_embedding_type: learned, norm_type: layernorm, nonlinearity: gelu_new, which Hugging Face's Llama lacks",
        "llama")]
    public async Task A_layout_that_is_unknown_or_lacks_something_is_one_line(int exitCode, string expected, string to)
    {
        new PublishedGpt2().Save(folder.File("gpt2"));
        (await RunAsync("convert", "-i", "gpt2", "-o", "gpt2.mdl")).EndsWith(0);

        ProgramResult result = (await RunAsync("convert", "-i", "gpt2.mdl", "-o", "out", "--to", to)).EndsWith(exitCode);

        Assert.Equal(expected + Environment.NewLine, result.Errors);
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Fact]
    public async Task Weights_without_a_config_are_no_model()
    {
        PublishedModels.Create("Pythia").Save(folder.File("there"));
        File.Delete(folder.File("there", "config.json"));

        ProgramResult result = (await RunAsync("convert", "-i", "there", "-o", "here.mdl")).EndsWith(1);

        Assert.Equal(
            $"{Path.Combine("there", "model.safetensors")}: is no model that can be converted; valid: a Hugging Face model, which has config.json "
            + $"beside its weights, a checkpoint of nanoGPT, or one with model.embedding_layer.word_embeddings.weight{Environment.NewLine}",
            result.Errors);
    }

    private double Metric(string modelDirectory, string key) =>
        JsonDocument.Parse(File.ReadLines(folder.File(modelDirectory, "metrics.jsonl")).Single()).RootElement.GetProperty(key).GetDouble();

    /// <summary>Writes one sample of random tokens as HDF5.</summary>
    private (int[] Ids, int[] Labels) WriteSample(int vocabulary)
    {
        Random random = new(3);
        int[] ids = [.. Enumerable.Range(0, Sequence).Select(_ => random.Next(vocabulary))];
        int[] labels = [.. ids[1..], random.Next(vocabulary)];
        int[,,] data = new int[1, 3, Sequence];
        for (int t = 0; t < Sequence; t++)
        {
            (data[0, 0, t], data[0, 1, t], data[0, 2, t]) = (ids[t], 1, labels[t]);
        }

        Directory.CreateDirectory(folder.File("data"));
        H5File file = new() { ["data"] = data };
        file.Attributes["n_examples"] = 1;
        file.Write(folder.File("data", "sample.h5"));
        return (ids, labels);
    }

    private Task<ProgramResult> RunAsync(params string[] arguments) => ProgramProcess.RunAsync(folder.Location, arguments);
}
