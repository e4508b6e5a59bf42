using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Inference;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;
using SparseEngine.Tests.Shared;
using SparseEngine.Training;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

/// <summary>Models of each published kind, as files, through the conversion and back.</summary>
public sealed class PublishedModelTests : IDisposable
{
    private const int Sequence = 12;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    public static TheoryData<string> Published => [.. PublishedModels.Names];

    [Theory]
    [MemberData(nameof(Published))]
    public void The_loss_is_that_of_a_float64_model_of_its_own_tensors(string name)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(directory.File("there"));
        Random random = new(3);
        int[] ids = [.. Enumerable.Range(0, Sequence).Select(_ => random.Next(model.Vocabulary))];
        int[] labels = [.. ids[1..], random.Next(model.Vocabulary)];

        Convert("there", "here.mdl");

        Assert.Equal(model.Loss(ids, labels), Loss(directory.File("here.mdl"), ids, labels), 1e-5);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void From_there_and_back_every_bit_and_every_setting_is_the_same(string name)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(directory.File("there"), shards: 3);

        string? modelType = Convert("there", "here.mdl").ModelType;
        ConversionSummary summary = Convert("here.mdl", "back", modelType);

        using CheckpointReader back = CheckpointReader.Open(directory.File("back"));
        Assert.Equal(model.Names.Order(StringComparer.Ordinal), back.Names.Order(StringComparer.Ordinal));
        Assert.All(model.Names, tensor => Assert.Equal(model[tensor].Shape, back.Shape(tensor)));
        Assert.All(model.Names, tensor => Assert.Equal(Bits(model[tensor].Values), Bits(Read(back, tensor))));
        Assert.Equal(modelType, summary.ModelType);
        Assert.Equal(
            ConfigFile.Read(directory.File(Path.Combine("there", "config.json"))),
            ConfigFile.Read(directory.File(Path.Combine("back", "config.json"))));
    }

    [Theory]
    [MemberData(nameof(Published))]
    public void From_here_and_back_every_bit_is_the_same_and_nan_keeps_its_places_on_the_way_in(string name)
    {
        PublishedModels.Create(name).Save(directory.File("there"), store: WithNaNs);
        string? modelType = Convert("there", "first.safetensors").ModelType;

        ConversionSummary there = Convert("first.safetensors", "finalized", modelType);
        Convert("finalized", "second.mdl");

        using CheckpointReader first = CheckpointReader.Open(directory.File("first.safetensors"));
        using CheckpointReader second = CheckpointReader.Open(directory.File("second.mdl"));
        Assert.Equal(first.Names.Order(StringComparer.Ordinal), second.Names.Order(StringComparer.Ordinal));
        Assert.All(first.Names, tensor => Assert.Equal(
            Bits(Read(first, tensor).Select(value => float.IsNaN(value) ? 0 : value)), Bits(Read(second, tensor))));
        long expected = first.Names.Sum(tensor => Read(first, tensor).LongCount(float.IsNaN));
        Assert.True(expected > 0);
        Assert.Equal(expected, there.NaNs);
    }

    [Theory]
    [InlineData("SmolLM", "model.")]
    [InlineData("Pythia", "gpt_neox.")]
    [InlineData("BLOOM", "transformer.")]
    public void Names_without_the_prefix_are_those_of_the_model_without_its_head(string name, string prefix)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(directory.File("there"), store: tensor => tensor with
        {
            Name = tensor.Name.StartsWith(prefix, StringComparison.Ordinal) ? tensor.Name[prefix.Length..] : tensor.Name,
        });

        Convert("there", "here.mdl");
        Convert("here.mdl", "back");

        using CheckpointReader back = CheckpointReader.Open(directory.File("back"));
        Assert.All(model.Names, tensor => Assert.Equal(Bits(model[tensor].Values), Bits(Read(back, tensor))));
    }

    [Theory]
    [InlineData("SmolLM", "model.layers.0.self_attn.rotary_emb.inv_freq")]
    [InlineData(
        "Pythia",
        "gpt_neox.layers.0.attention.bias", "gpt_neox.layers.0.attention.masked_bias", "gpt_neox.layers.1.attention.rotary_emb.inv_freq")]
    [InlineData("GPT-J", "transformer.h.0.attn.bias", "transformer.h.1.attn.masked_bias")]
    public void What_older_versions_saved_beside_the_parameters_is_left_out(string name, params string[] buffers)
    {
        PublishedModel model = PublishedModels.Create(name);
        long parameters = model.Names.Sum(tensor => (long)model[tensor].Values.Length);
        foreach (string buffer in buffers)
        {
            model.Add(buffer, [4], i => i);
        }

        model.Save(directory.File("there"));

        Assert.Equal(parameters, Convert("there", "here.mdl").Parameters);
    }

    [Theory]
    [InlineData("SmolLM")]
    [InlineData("Pythia")]
    public void Bfloat16_becomes_float32_exactly(string name)
    {
        PublishedModel model = PublishedModels.Create(name);
        model.Save(directory.File("there"), shards: 2, store: tensor => tensor with { Type = "BF16", Data = Upper(tensor.Data) });

        Convert("there", "here.mdl");
        Convert("here.mdl", "back");

        using CheckpointReader back = CheckpointReader.Open(directory.File("back"));
        Assert.All(model.Names, tensor => Assert.Equal(
            Bits(model[tensor].Values).Select(bits => bits & 0xFFFF0000), Bits(Read(back, tensor))));
    }

    [Fact]
    public void What_the_model_lacks_of_a_layout_that_is_asked_for_is_one_line()
    {
        PublishedModels.Create("SmolLM").Save(directory.File("there"));
        Convert("there", "here.mdl");

        CheckpointException lacking = Assert.Throws<CheckpointException>(() => Convert("here.mdl", "back", "gptj"));
        ConfigurationException unknown = Assert.Throws<ConfigurationException>(() => Convert("here.mdl", "back", "mistrall"));

        Assert.StartsWith(
            $"{directory.File("here.mdl")}: its model has norm_type: rmsnorm, num_kv_groups: 2, ", lacking.Message, StringComparison.Ordinal);
        Assert.EndsWith(", which Hugging Face's GPT-J lacks", lacking.Message, StringComparison.Ordinal);
        Assert.Equal(
            "--to is \"mistrall\"; valid: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon, bloom; nearest: mistral", unknown.Message);
        Assert.False(Directory.Exists(directory.File("back")));
    }

    [Fact]
    public void The_layout_of_what_comes_in_is_not_to_be_chosen()
    {
        PublishedModels.Create("SmolLM").Save(directory.File("there"));
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Convert("there", "here.mdl", "llama"));
        Assert.Equal($"--to goes with a checkpoint of this program, which {directory.File("there")} is not", error.Message);
    }

    // About every tenth place of linear weights, as in a sparse model that was saved without finalizing.
    private static StoredTensor WithNaNs(StoredTensor tensor)
    {
        bool isLinear = tensor.Shape.Length == 2 && !tensor.Name.Contains("emb", StringComparison.Ordinal)
            && !tensor.Name.Contains("wte", StringComparison.Ordinal) && !tensor.Name.Contains("wpe", StringComparison.Ordinal);
        if (!isLinear)
        {
            return tensor;
        }

        Random random = new(tensor.Data.Length);
        return tensor with
        {
            Data = [.. tensor.Data.Chunk(sizeof(float)).SelectMany(bytes => random.Next(10) == 0 ? BitConverter.GetBytes(float.NaN) : bytes)],
        };
    }

    private static double Loss(string checkpoint, int[] ids, int[] labels)
    {
        using CheckpointReader reader = CheckpointReader.Open(checkpoint);
        ModelParameters shape = CheckpointModel.Of(reader)!;
        using ComputeDevice device = TestDevice.Open("host");
        using ParameterSet parameters = InferenceParameters.Load(device, shape, reader);
        GptModel model = new(device, shape, parameters);
        using GptWorkspace workspace = new(device, shape, batch: 1, ids.Length, training: false);
        using LanguageModelLoss loss = new(device, model, ids.Length);
        workspace.InputIds.CopyFrom(ids);
        model.Forward(workspace);
        loss.Compute(workspace, labels, [.. labels.Select(_ => 1)], gradientScale: null);
        return loss.Sum.Read() / ids.Length;
    }

    private static byte[] Upper(byte[] singles) => [.. singles.Chunk(sizeof(float)).SelectMany(bytes => bytes[2..])];

    private static IEnumerable<uint> Bits(IEnumerable<float> values) => values.Select(BitConverter.SingleToUInt32Bits);

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] values = new float[reader.Elements(name)];
        reader.Read(name, values);
        return values;
    }

    private ConversionSummary Convert(string input, string output, string? modelType = null) => CheckpointConversion.Convert(
        new ConversionRequest(directory.File(input), directory.File(output)) { ModelType = modelType }, TestContext.Current.CancellationToken);
}
