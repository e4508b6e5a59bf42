using System.Globalization;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

public sealed class NanoGptTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_checkpoint_becomes_what_the_same_weights_become_from_hugging_face(bool zip)
    {
        PublishedGpt2 gpt2 = new();
        gpt2.Save(directory.File("gpt2"), PublishedGpt2.Config.Replace("gelu_new", "gelu", StringComparison.Ordinal));
        string ckpt = Write(NanoGpt.File(gpt2, zip));

        ConversionSummary summary = Convert(ckpt, "nano.safetensors");
        Convert(directory.File("gpt2"), "hf.safetensors");

        Assert.Equal(ConversionDirection.FromNanoGpt, summary.Direction);
        Assert.Equal([directory.File("nano.safetensors"), directory.File("nano.yaml")], summary.Files);
        Assert.All(Tensors("hf.safetensors").Zip(Tensors("nano.safetensors")), pair => Assert.Equal(
            (pair.First.Name, pair.First.Shape, System.Convert.ToHexString(TorchBytes.Floats(pair.First.Values))),
            (pair.Second.Name, pair.Second.Shape, System.Convert.ToHexString(TorchBytes.Floats(pair.Second.Values)))));
        using CheckpointReader reader = CheckpointReader.Open(directory.File("nano.safetensors"));
        using CheckpointReader other = CheckpointReader.Open(directory.File("hf.safetensors"));
        Assert.Equal(ModelDescription.Read(other.Metadata["model"]), ModelDescription.Read(reader.Metadata["model"]));
        Assert.Equal(File.ReadAllText(directory.File("hf.yaml")), File.ReadAllText(directory.File("nano.yaml")));
        Assert.Equal(
            $"{ckpt}: its optimizer's state is left out; a run that starts from {summary.Files[0]} starts at step 0 with a fresh one",
            Assert.Single(summary.Warnings));
    }

    [Fact]
    public void A_head_that_is_not_tied_stays_one_of_its_own()
    {
        PublishedGpt2 gpt2 = new(tied: false);
        Convert(Write(NanoGpt.File(gpt2)), "nano.mdl");
        Assert.Equal(gpt2.Values["lm_head.weight"], Tensors("nano.mdl").Single(tensor => tensor.Name == "model.lm_head.weight").Values);
        Assert.Contains("share_embedding_weights: false", File.ReadAllText(directory.File("nano.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_biases_has_none_in_its_normalizations_either()
    {
        ModelParameters model = new()
        {
            VocabularySize = PublishedGpt2.Vocabulary, MaxPositionEmbeddings = PublishedGpt2.Positions, HiddenSize = PublishedGpt2.Hidden,
            Layers = PublishedGpt2.Layers, Heads = PublishedGpt2.Heads, FilterSize = PublishedGpt2.Inner, Norm = NormKind.BiaslessLayerNorm,
            UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false,
            DropoutRate = 0.1, EmbeddingDropoutRate = 0.1, AttentionDropoutRate = 0.1,
        };
        string ckpt = Write(NanoGpt.File(new PublishedGpt2(), bias: false));
        Convert(ckpt, "nano.mdl");

        using CheckpointReader reader = CheckpointReader.Open(directory.File("nano.mdl"));
        Assert.Equal(GptArchitecture.Parameters(model).Select(parameter => parameter.Name), reader.Names);
        Assert.Equal(model, ModelDescription.Read(reader.Metadata["model"]));
        Assert.Contains("norm_type: biasless-layernorm", File.ReadAllText(directory.File("nano.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_description_says_where_the_biases_are_not()
    {
        using CheckpointReader reader = CheckpointReader.Open(Write(NanoGpt.File(new PublishedGpt2(), bias: false)));
        ModelParameters model = NanoGptModel.Read(reader, isTied: true);
        Assert.Equal(NormKind.BiaslessLayerNorm, model.Norm);
        Assert.False(model.UseProjectionBiasInAttention || model.UseFfnBiasInAttention || model.UseFfnBias);
        Assert.Equal(
            reader.Names.Where(NanoGptLayout.IsModels).Except([NanoGptLayout.Head]).Order(StringComparer.Ordinal),
            NanoGptLayout.Sources(model).Select(source => source.Tensor.Name).Distinct().Where(reader.Contains).Order(StringComparer.Ordinal));
        Assert.All(NanoGptLayout.Sources(model).Where(source => reader.Contains(source.Tensor.Name)), source =>
            Assert.Equal(reader.Shape(source.Tensor.Name), source.Tensor.Shape));
    }

    [Theory]
    [InlineData("n_layer", -2, "model_args.n_layer is -2; valid: a number from 1 on")]
    [InlineData("n_layer", 1_000_000, "has 32 tensors, its model_args gives it 1,000,000 layers")]
    [InlineData("n_head", 5, "model_args.n_head is 5; valid: a divisor of n_embd, 12")]
    [InlineData("n_embd", 24, "transformer.wte.weight is [31, 12], its model_args makes it [31, 24]")]
    [InlineData("block_size", 8, "transformer.wpe.weight is [16, 12], its model_args makes it [8, 12]")]
    [InlineData("vocab_size", null, "model_args.vocab_size is missing; valid: a number from 1 on")]
    [InlineData("dropout", 1, "model_args.dropout is 1; valid: a number in [0, 1)")]
    public void A_description_that_does_not_fit_is_one_line(string key, int? value, string expected)
    {
        string ckpt = Write(NanoGpt.File(
            new PublishedGpt2(), change: pair => pair.Key == key ? (key, value is { } number ? TorchBytes.Integer(number) : TorchBytes.None) : pair));
        CheckpointException error = Assert.Throws<CheckpointException>(() => Convert(ckpt, "nano.mdl"));
        Assert.Equal($"{ckpt}: {expected}", error.Message);
        Assert.Single(Directory.EnumerateFiles(directory.Path));
    }

    private string Write(byte[] file)
    {
        string path = directory.File("ckpt.pt");
        File.WriteAllBytes(path, file);
        return path;
    }

    private ConversionSummary Convert(string input, string output) =>
        CheckpointConversion.Convert(new ConversionRequest(input, directory.File(output)), TestContext.Current.CancellationToken);

    private List<(string Name, string Shape, float[] Values)> Tensors(string file)
    {
        using CheckpointReader reader = CheckpointReader.Open(directory.File(file));
        return [.. reader.Names.Select(name =>
        {
            float[] values = new float[reader.Elements(name)];
            reader.Read(name, values);
            return (name, string.Join(", ", reader.Shape(name).Select(size => size.ToString(CultureInfo.InvariantCulture))), values);
        })];
    }
}
