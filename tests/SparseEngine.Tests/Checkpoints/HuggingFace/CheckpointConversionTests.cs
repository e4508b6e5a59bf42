using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Models;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

public sealed class CheckpointConversionTests : IDisposable
{
    private const string Untied = "\"tie_word_embeddings\": false, \"vocab_size\"";

    // Every kind of float32 that a careless copy changes: signed zero, subnormals, infinities, the ends of the range.
    private static readonly float[] Exotic = [-0f, float.Epsilon, -1e-40f, float.MaxValue, -float.MaxValue, 1f / 3];

    private readonly TemporaryDirectory directory = new();

    private string Folder => directory.File("gpt2");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Conv1D_weights_are_transposed_and_c_attn_is_query_key_value_side_by_side()
    {
        PublishedGpt2 gpt2 = new();
        gpt2.Add("h.1.attn.c_attn.weight", [12, 36], i => i);
        gpt2.Add("h.1.attn.c_attn.bias", [36], i => 1000 + i);
        gpt2.Add("h.1.mlp.c_fc.weight", [12, 48], i => i);
        string ours = Import(gpt2);

        // Row o of the key projection is column 12 + o of c_attn.
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => (i * 36f) + 12 + 5),
            Tensor(ours, "model.transformer_decoder.layers.1.self_attn.proj_k_dense_layer.weight")[(5 * 12)..(6 * 12)]);
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => (i * 36f) + 24),
            Tensor(ours, "model.transformer_decoder.layers.1.self_attn.proj_v_dense_layer.weight")[..12]);
        Assert.Equal(
            Enumerable.Range(1000, 12).Select(i => (float)i), Tensor(ours, "model.transformer_decoder.layers.1.self_attn.proj_q_dense_layer.bias"));
        Assert.Equal(
            Enumerable.Range(1024, 12).Select(i => (float)i), Tensor(ours, "model.transformer_decoder.layers.1.self_attn.proj_v_dense_layer.bias"));
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => (i * 48f) + 47),
            Tensor(ours, "model.transformer_decoder.layers.1.ffn.ffn.0.linear_layer.weight")[(47 * 12)..]);
        Assert.Equal(gpt2.Values["h.0.ln_2.bias"], Tensor(ours, "model.transformer_decoder.layers.0.norm3.bias"));
        Assert.Equal(gpt2.Values["wpe.weight"], Tensor(ours, GptArchitecture.PositionEmbeddings));
    }

    [Theory]
    [InlineData("ours.mdl", "", true)]
    [InlineData("ours.safetensors", "transformer.", true)]
    [InlineData("ours.mdl", "transformer.", false)]
    public void From_hugging_face_and_back_every_bit_is_the_same(string ours, string prefix, bool tied)
    {
        PublishedGpt2 gpt2 = Exotically(new PublishedGpt2(tied));
        gpt2.Save(Folder, tied ? PublishedGpt2.Config : PublishedGpt2.Config.Replace("\"vocab_size\"", Untied, StringComparison.Ordinal), prefix);

        Convert(Folder, directory.File(ours));
        ConversionSummary summary = Convert(directory.File(ours), directory.File("back"));

        using CheckpointReader back = CheckpointReader.Open(directory.File("back"));
        Assert.Equal(gpt2.Parameters.Select(name => name == "lm_head.weight" ? name : $"transformer.{name}").Order(), back.Names.Order());
        Assert.All(
            gpt2.Parameters,
            name => Assert.Equal(Bits(gpt2.Values[name]), Bits(Read(back, name == "lm_head.weight" ? name : $"transformer.{name}"))));
        Assert.Equal(ConfigFile.Read(Path.Combine(Folder, "config.json")), ConfigFile.Read(Path.Combine(directory.File("back"), "config.json")));
        Assert.Equal(gpt2.Parameters.Sum(name => gpt2.Values[name].Length), summary.Parameters);
        Assert.Equal(0, summary.NaNs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void To_hugging_face_and_back_every_bit_is_the_same(bool tied)
    {
        ModelParameters model = new()
        {
            VocabularySize = 9, HiddenSize = 6, Layers = 2, Heads = 2, FilterSize = 10, MaxPositionEmbeddings = 5, ShareEmbeddingWeights = tied,
        };
        string first = directory.File("first.mdl");
        Random random = new(1);
        TensorWriter[] tensors = [.. GptArchitecture.Parameters(model)
            .Select(parameter => new TensorWriter(parameter.Name, parameter.Shape, dense => Fill(dense, random)))];
        MdlWriter.Write(
            first, tensors, new TrainingState(3, 12, 1, 1),
            new Dictionary<string, string> { [ModelDescription.MetadataKey] = ModelDescription.Write(model) });

        Convert(first, Folder);
        Convert(Folder, directory.File("second.mdl"));

        Assert.All(tensors, tensor => Assert.Equal(Bits(Tensor(first, tensor.Name)), Bits(Tensor(directory.File("second.mdl"), tensor.Name))));
        using CheckpointReader second = CheckpointReader.Open(directory.File("second.mdl"));
        Assert.Equal(model, ModelDescription.Read(second.Metadata[ModelDescription.MetadataKey]));
        Assert.Null(second.State);
    }

    [Fact]
    public void To_hugging_face_nan_becomes_zero_and_the_optimizers_state_goes()
    {
        ModelParameters model = new() { VocabularySize = 2, HiddenSize = 2, Layers = 1, Heads = 1, FilterSize = 3, MaxPositionEmbeddings = 2 };
        const string key = "model.transformer_decoder.layers.0.self_attn.proj_k_dense_layer.weight";
        float nan = BitConverter.UInt32BitsToSingle(0xFFC12345);
        List<TensorWriter> tensors = [.. GptArchitecture.Parameters(model).Select(parameter => new TensorWriter(
            parameter.Name,
            parameter.Shape,
            dense => (parameter.Name == key ? [float.NaN, 2f, nan, float.MaxValue] : new float[dense.Length]).CopyTo(dense)))];
        tensors.Add(new TensorWriter($"optimizer.state.{key}.exp_avg", [2, 2], dense => dense.Fill(float.NaN)));
        SafetensorsWriter.Write(directory.File("ours.safetensors"), tensors);

        ConversionSummary summary = Convert(new ConversionRequest(directory.File("ours.safetensors"), Folder, model));

        using CheckpointReader reader = CheckpointReader.Open(Folder);
        Assert.Equal(Bits([0, 0, 0, 0, 0, 0, 0, 0, 2f, float.MaxValue, 0, 0]), Bits(Read(reader, "transformer.h.0.attn.c_attn.weight")));
        Assert.DoesNotContain(reader.Names, name => name.Contains("optimizer", StringComparison.Ordinal));
        Assert.Equal(2, summary.NaNs);
    }

    [Fact]
    public void Float16_weights_in_shards_become_float32()
    {
        StoredTensor[] halves =
            [.. new PublishedGpt2().Stored().Select(tensor => new StoredTensor(tensor.Name, "F16", tensor.Shape, Halve(tensor.Data)))];
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "config.json"), PublishedGpt2.Config);
        File.WriteAllBytes(Path.Combine(Folder, "one.safetensors"), StoredTensor.File(halves[..10]));
        File.WriteAllBytes(Path.Combine(Folder, "two.safetensors"), StoredTensor.File(halves[10..]));
        string map = string.Join(", ", halves.Select((tensor, i) => $"\"{tensor.Name}\": \"{(i < 10 ? "one" : "two")}.safetensors\""));
        File.WriteAllText(Path.Combine(Folder, "model.safetensors.index.json"), $$"""{"metadata": {}, "weight_map": { {{map}} } }""");

        Convert(Folder, directory.File("ours.mdl"));

        Assert.Equal(
            new PublishedGpt2().Values["wte.weight"].Select(value => (float)(Half)value),
            Tensor(directory.File("ours.mdl"), GptArchitecture.WordEmbeddings));
        Assert.Equal(
            new PublishedGpt2().Values["ln_f.bias"].Select(value => (float)(Half)value), Tensor(directory.File("ours.mdl"), "model.ln_f.bias"));
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => Convert(new ConversionRequest(Folder, Path.Combine(Folder, "two.safetensors"), Force: true)));
        Assert.Equal($"{Path.Combine(Folder, "two.safetensors")}: is the input itself; valid: another file", error.Message);
    }

    [Fact]
    public void What_older_versions_saved_beside_the_parameters_is_ignored()
    {
        PublishedGpt2 gpt2 = new();
        gpt2.Add("h.0.attn.masked_bias", [], _ => -1e4f);
        gpt2.Add("lm_head.weight", [31, 12], _ => 7);

        Assert.Equal(gpt2.Values["wte.weight"], Tensor(Import(gpt2), GptArchitecture.WordEmbeddings));
    }

    [Theory]
    [InlineData(
        "h.2.ln_1.weight", "has 1 parameter that the model lacks, first h.2.ln_1.weight; config.json must describe the model it was saved from")]
    [InlineData("score.weight", "has 1 parameter that the model lacks, first score.weight; config.json must describe the model it was saved from")]
    [InlineData("wpe.weight", "wpe.weight is [3], config.json makes it [16, 12]")]
    public void Tensors_that_config_json_does_not_make_are_named(string name, string expected)
    {
        PublishedGpt2 gpt2 = new();
        gpt2.Add(name, [3], _ => 0);
        Assert.Equal($"{Path.Combine(Folder, "model.safetensors")}: {expected}", Assert.Throws<CheckpointException>(() => Import(gpt2)).Message);
    }

    [Theory]
    [InlineData(
        "\"n_layer\": 3", "lacks 12 of the model's 40 parameters, first h.2.ln_1.weight; config.json must describe the model it was saved from")]
    [InlineData("\"n_layer\": 2000000000", "has 30 tensors, config.json gives it 2,000,000,000 layers")]
    public void Layers_that_the_file_lacks_are_named(string layers, string expected)
    {
        new PublishedGpt2().Save(Folder, PublishedGpt2.Config.Replace("\"n_layer\": 2", layers, StringComparison.Ordinal));
        string error = Assert.Throws<CheckpointException>(() => Convert(Folder, directory.File("ours.mdl"))).Message;
        Assert.Equal($"{Path.Combine(Folder, "model.safetensors")}: {expected}", error);
        Assert.Equal([Folder], Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    public void A_model_that_gpt2_cannot_express_is_refused_in_one_line()
    {
        ModelParameters model = new()
        {
            VocabularySize = 2, HiddenSize = 2, Layers = 1, Heads = 1, FilterSize = 3, PositionEmbedding = PositionEmbedding.None,
            EmbeddingLayerNorm = true,
            UseProjectionBiasInAttention = false, UseFfnBiasInAttention = false, UseFfnBias = false, UseBiasInOutput = true,
        };
        string path = directory.File("ours.safetensors");
        SafetensorsWriter.Write(path, [new TensorWriter(GptArchitecture.WordEmbeddings, [2, 2], _ => { })]);

        CheckpointException error = Assert.Throws<CheckpointException>(() => Convert(new ConversionRequest(path, Folder, model)));

        Assert.Equal(
            $"{path}: its model has use_position_embedding: false, embedding_layer_norm: true, use_projection_bias_in_attention: "
            + "false, use_ffn_bias_in_attention: false, use_ffn_bias: false, use_bias_in_output: true, which Hugging Face's GPT-2 lacks",
            error.Message);
    }

    [Fact]
    public void The_input_is_not_overwritten_through_a_linked_folder_either()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        ModelParameters model = new() { VocabularySize = 2, HiddenSize = 2, Layers = 1, Heads = 1, FilterSize = 3 };
        Directory.CreateDirectory(Folder);
        string input = Path.Combine(Folder, "model.safetensors");
        SafetensorsWriter.Write(
            input, [.. GptArchitecture.Parameters(model).Select(parameter => new TensorWriter(parameter.Name, parameter.Shape, _ => { }))]);
        Directory.CreateSymbolicLink(directory.File("link"), Folder);

        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => Convert(new ConversionRequest(input, directory.File("link"), model, Force: true)));

        Assert.Equal($"{directory.File(Path.Combine("link", "model.safetensors"))}: is the input itself; valid: another file", error.Message);
    }

    [Fact]
    public void What_is_stopped_leaves_nothing()
    {
        new PublishedGpt2().Save(Folder);
        using CancellationTokenSource stop = new();
        stop.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => CheckpointConversion.Convert(new ConversionRequest(Folder, directory.File("ours.mdl")), stop.Token));

        Assert.Equal([Folder], Directory.EnumerateFileSystemEntries(directory.Path));
    }

    private static PublishedGpt2 Exotically(PublishedGpt2 gpt2)
    {
        gpt2.Add("h.0.attn.c_attn.weight", [12, 36], i => Exotic[i % Exotic.Length]);
        gpt2.Add("h.1.mlp.c_proj.weight", [48, 12], i => Exotic[i % Exotic.Length]);
        gpt2.Add("wte.weight", [31, 12], i => Exotic[i % Exotic.Length]);
        return gpt2;
    }

    private static void Fill(Span<float> dense, Random random)
    {
        foreach (ref float value in dense)
        {
            value = random.Next(4) == 0 ? Exotic[random.Next(Exotic.Length)] : random.NextSingle();
        }
    }

    private static byte[] Halve(byte[] singles) =>
        [.. singles.Chunk(sizeof(float)).SelectMany(bytes => BitConverter.GetBytes((Half)BitConverter.ToSingle(bytes)))];

    private static IEnumerable<uint> Bits(IEnumerable<float> values) => values.Select(BitConverter.SingleToUInt32Bits);

    private static ConversionSummary Convert(string input, string output) => Convert(new ConversionRequest(input, output));

    private static ConversionSummary Convert(ConversionRequest request) =>
        CheckpointConversion.Convert(request, TestContext.Current.CancellationToken);

    private static float[] Tensor(string path, string name)
    {
        using CheckpointReader reader = CheckpointReader.Open(path);
        return Read(reader, name);
    }

    private static float[] Read(CheckpointReader reader, string name)
    {
        float[] values = new float[reader.Shape(name).Aggregate(1, (product, dimension) => product * dimension)];
        reader.Read(name, values);
        return values;
    }

    private string Import(PublishedGpt2 gpt2)
    {
        gpt2.Save(Folder);
        Convert(Folder, directory.File("ours.mdl"));
        return directory.File("ours.mdl");
    }
}
