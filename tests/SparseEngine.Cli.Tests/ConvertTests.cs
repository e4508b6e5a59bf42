using System.Text.Json;
using PureHDF;
using SparseEngine.Checkpoints;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Cli.Tests;

public sealed class ConvertTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("gpt2.mdl", "", true)]
    [InlineData("gpt2.safetensors", "transformer.", true)]
    [InlineData("untied.mdl", "transformer.", false)]
    public async Task A_hugging_face_gpt2_has_the_loss_of_a_float64_model_of_its_own_tensors_and_trains(string output, string prefix, bool tied)
    {
        PublishedGpt2 gpt2 = new(tied);
        string config = tied
            ? PublishedGpt2.Config
            : PublishedGpt2.Config.Replace("\"vocab_size\"", "\"tie_word_embeddings\": false, \"vocab_size\"", StringComparison.Ordinal);
        gpt2.Save(folder.File("gpt2"), config, prefix);
        (int[] ids, int[] labels) = WriteSample();

        ProgramResult converted = (await RunAsync("convert", "-i", "gpt2", "-o", output)).EndsWith(0);
        string yaml = Path.ChangeExtension(output, ".yaml");
        Assert.Contains(output, converted.Output, StringComparison.Ordinal);
        Assert.Contains(yaml, converted.Output, StringComparison.Ordinal);
        File.AppendAllText(folder.File(yaml), Sections);
        ProgramResult evaluated =
            (await RunAsync("run", "CPU", "-p", yaml, "-m", "eval", "--checkpoint_path", output, "-o", "eval", "--threads", "1")).EndsWith(0);
        ProgramResult trained =
            (await RunAsync("run", "CPU", "-p", yaml, "-m", "train", "--checkpoint_path", output, "-o", "train", "--threads", "1")).EndsWith(0);

        Assert.Equal("", evaluated.Errors);
        Assert.Equal(new Gpt2Reference(gpt2).Loss(ids, labels), Metric("eval", "eval_loss"), 1e-5);
        Assert.Equal("", trained.Errors);
        Assert.Contains($"Starting from {output} at step 0", trained.Output, StringComparison.Ordinal);
        Assert.True(Metric("train", "grad_norm") > 0);
    }

    [Fact]
    public async Task A_sparse_checkpoint_goes_to_hugging_face_finalized_and_comes_back_with_the_same_loss()
    {
        using TinyRun run = new();
        (await run.RunAsync("train")).EndsWith(0);
        (await run.RunAsync("eval")).EndsWith(0);
        double sparse = EvalLoss(run);

        ProgramResult there = (await RunAsync("convert", "-i", run.Output("checkpoint_8.mdl"), "-o", "hf")).EndsWith(0);
        (await RunAsync("convert", "-i", "hf", "-o", "back.mdl")).EndsWith(0);
        (await run.RunAsync("eval", "--checkpoint_path", folder.File("back.mdl"))).EndsWith(0);

        Assert.Contains("sparse, now 0", there.Output, StringComparison.Ordinal);
        Assert.Equal(sparse, EvalLoss(run), 1e-5);
        using CheckpointReader reader = CheckpointReader.Open(folder.File("hf"));
        Assert.All(reader.Names, name => Assert.StartsWith("transformer.", name, StringComparison.Ordinal));
        Assert.All(reader.Names, name => Assert.DoesNotContain(Read(reader, name), float.IsNaN));
        Assert.Equal("pt", reader.Metadata["format"]);
    }

    [Fact]
    public async Task What_exists_is_overwritten_only_with_force()
    {
        new PublishedGpt2().Save(folder.File("gpt2"));
        folder.Write("gpt2.mdl", "precious");

        ProgramResult refused = (await RunAsync("convert", "-i", "gpt2", "-o", "gpt2.mdl")).EndsWith(2);
        Assert.Equal($"gpt2.mdl: exists already; --force overwrites it{Environment.NewLine}", refused.Errors);
        Assert.Equal("precious", File.ReadAllText(folder.File("gpt2.mdl")));

        (await RunAsync("convert", "-i", "gpt2", "-o", "gpt2.mdl", "--force")).EndsWith(0);
        using CheckpointReader reader = CheckpointReader.Open(folder.File("gpt2.mdl"));
        Assert.True(reader.Contains("model.embedding_layer.word_embeddings.weight"));
    }

    [Theory]
    [InlineData("-i gpt2 -o out", 2, "out: the name says no format; valid: a name that ends in .mdl, .h5 or .hdf5 (HDF5), or .safetensors")]
    [InlineData("-i gpt2 -o gpt2/model.safetensors --force", 2, "gpt2/model.safetensors: is the input itself; valid: another file")]
    [InlineData(
        "-i ours.safetensors -o out.mdl", 2,
        "ours.safetensors is a checkpoint of this program and the output out.mdl; valid: a folder for the Hugging Face model")]
    [InlineData("-i ours.safetensors -o out", 2, "ours.safetensors: does not say what model it holds; give the YAML of its run: --params FILE")]
    [InlineData("-i nowhere -o out", 1, "nowhere: no such checkpoint")]
    [InlineData(
        "-i empty -o out", 1,
        "empty: is a folder without weights; "
        + "valid: one that holds model.safetensors, pytorch_model.bin or the index of their shards, or the path of a checkpoint file")]
    public async Task What_cannot_be_converted_is_one_line(string line, int exitCode, string expected)
    {
        new PublishedGpt2().Save(folder.File("gpt2"));
        Directory.CreateDirectory(folder.File("empty"));
        File.WriteAllBytes(
            folder.File("ours.safetensors"), StoredTensor.File([StoredTensor.Single("model.embedding_layer.word_embeddings.weight", [1, 1], [1])]));

        ProgramResult result = (await RunAsync(["convert", .. line.Split(' ')])).EndsWith(exitCode);

        Assert.Equal("", result.Output);
        Assert.Equal(expected + Environment.NewLine, result.Errors);
        Assert.Equal(3, Directory.EnumerateFileSystemEntries(folder.Location).Count());
    }

    private const string Sections = """
        eval_input: &data {data_processor: GptHDF5DataProcessor, data_dir: ./data/, max_sequence_length: 16, batch_size: 1, shuffle: False}
        train_input: *data
        optimizer: {optimizer_type: AdamW, learning_rate: 1e-3}
        runconfig: {max_steps: 1, log_steps: 1, eval_steps: 1, seed: 1}
        """;

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] values = new float[reader.Shape(name).Aggregate(1, (product, dimension) => product * dimension)];
        reader.Read(name, values);
        return values;
    }

    private static double EvalLoss(TinyRun run) =>
        run.Metrics().Last(line => line.TryGetProperty("eval_loss", out _)).GetProperty("eval_loss").GetDouble();

    private double Metric(string modelDirectory, string key) =>
        JsonDocument.Parse(File.ReadLines(folder.File(modelDirectory, "metrics.jsonl")).Single()).RootElement.GetProperty(key).GetDouble();

    /// <summary>Writes one sample of random tokens as HDF5.</summary>
    private (int[] Ids, int[] Labels) WriteSample()
    {
        Random random = new(3);
        int[] ids = [.. Enumerable.Range(0, PublishedGpt2.Positions).Select(_ => random.Next(PublishedGpt2.Vocabulary))];
        int[] labels = [.. ids[1..], random.Next(PublishedGpt2.Vocabulary)];
        int[,,] data = new int[1, 3, PublishedGpt2.Positions];
        for (int t = 0; t < PublishedGpt2.Positions; t++)
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
