using System.Text;
using System.Text.Json;
using SparseEngine.Checkpoints;
using SparseEngine.Checkpoints.HuggingFace;
using SparseEngine.Checkpoints.HuggingFace.Layouts;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;
using SparseEngine.Tests.Shared;

namespace SparseEngine.Tests.Checkpoints.HuggingFace;

public sealed class ConfigFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private string ConfigPath => directory.File("config.json");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void The_published_file_is_the_model_it_describes() => Assert.Equal(
        new ModelParameters
        {
            VocabularySize = 31, HiddenSize = 12, Layers = 2, Heads = 3, FilterSize = 48, MaxPositionEmbeddings = 16,
            Nonlinearity = Activation.GeluNew, DropoutRate = 0.1, EmbeddingDropoutRate = 0.1, AttentionDropoutRate = 0.1,
            LayerNormEpsilon = 1e-5, InitializerRange = 0.02,
        },
        Read(PublishedGpt2.Config));

    [Fact]
    public void A_key_that_is_not_there_has_hugging_faces_default() => Assert.Equal(
        new ModelParameters
        {
            VocabularySize = 50257, HiddenSize = 768, Layers = 12, Heads = 12, FilterSize = 3072, MaxPositionEmbeddings = 1024,
            Nonlinearity = Activation.GeluNew, DropoutRate = 0.1, EmbeddingDropoutRate = 0.1, AttentionDropoutRate = 0.1,
        },
        Read("{}"));

    [Fact]
    public void Every_key_decides_its_setting()
    {
        ModelParameters model = Read(
            """
            {"vocab_size": 7, "n_ctx": 9, "n_embd": 8, "n_layer": 3, "n_head": 4, "n_inner": 20, "activation_function": "relu",
             "layer_norm_epsilon": 1e-6, "tie_word_embeddings": false, "scale_attn_weights": false, "resid_pdrop": 0.2, "embd_pdrop": 0.3,
             "attn_pdrop": 0.4, "initializer_range": 0.5, "reorder_and_upcast_attn": true, "add_cross_attention": false}
            """);

        Assert.Equal(
            new ModelParameters
            {
                VocabularySize = 7, HiddenSize = 8, Layers = 3, Heads = 4, FilterSize = 20, MaxPositionEmbeddings = 9, Nonlinearity = Activation.Relu,
                LayerNormEpsilon = 1e-6, ShareEmbeddingWeights = false, ScaledAttention = false, DropoutRate = 0.2, EmbeddingDropoutRate = 0.3,
                AttentionDropoutRate = 0.4, InitializerRange = 0.5,
            },
            model);
    }

    [Theory]
    [InlineData("gelu", Activation.Gelu)]
    [InlineData("gelu_new", Activation.GeluNew)]
    [InlineData("gelu_pytorch_tanh", Activation.GeluNew)]
    [InlineData("gelu_fast", Activation.GeluNew)]
    [InlineData("quick_gelu", Activation.QuickGelu)]
    [InlineData("relu", Activation.Relu)]
    [InlineData("relu2", Activation.SquaredRelu)]
    [InlineData("silu", Activation.Silu)]
    [InlineData("swish", Activation.Silu)]
    [InlineData("tanh", Activation.Tanh)]
    public void An_activation_is_found_by_hugging_faces_name(string name, Activation expected) =>
        Assert.Equal(expected, Read($$"""{"activation_function": "{{name}}"}""").Nonlinearity);

    [Fact]
    public void Every_model_that_gpt2_can_express_survives_config_and_yaml()
    {
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            foreach (bool flag in (bool[])[false, true])
            {
                ModelParameters model = new()
                {
                    VocabularySize = 60000, HiddenSize = 24, Layers = 3, Heads = 2, FilterSize = 50, MaxPositionEmbeddings = 77,
                    Nonlinearity = activation,
                    LayerNormEpsilon = 1e-12, ShareEmbeddingWeights = flag, ScaledAttention = !flag, DropoutRate = 0, EmbeddingDropoutRate = 0.125,
                    AttentionDropoutRate = 1e-5, InitializerRange = 1,
                };

                Assert.Empty(HuggingFaceLayouts.Gpt2.Lacks(model));
                Assert.Equal(model, Read(Encoding.UTF8.GetString(ConfigFile.Write(HuggingFaceLayouts.Gpt2, model))));
                File.WriteAllText(directory.File("model.yaml"), ModelSectionYaml.Write(model));
                ReadResult yaml = RunParametersReader.ReadFile(directory.File("model.yaml"));
                Assert.Equal(model, yaml.Parameters.Model);
                Assert.Empty(yaml.Warnings);
            }
        }
    }

    [Fact]
    public void The_yamls_numbers_are_numbers_to_pyyaml_too() =>
        Assert.Contains("\n  layer_norm_epsilon: 1.0e-05\n", ModelSectionYaml.Write(Read(PublishedGpt2.Config)), StringComparison.Ordinal);

    [Theory]
    [InlineData(50257, "50256")]
    [InlineData(256, "null")]
    public void The_end_of_text_is_gpt2s_only_where_the_vocabulary_has_it(int vocabulary, string expected)
    {
        ModelParameters model = new() { VocabularySize = vocabulary, HiddenSize = 4, Layers = 1, Heads = 1, FilterSize = 16 };
        using JsonDocument config = JsonDocument.Parse(ConfigFile.Write(HuggingFaceLayouts.Gpt2, model));
        Assert.Equal(expected, config.RootElement.GetProperty("eos_token_id").GetRawText());
        Assert.Equal(expected, config.RootElement.GetProperty("bos_token_id").GetRawText());
    }

    [Theory]
    [InlineData("""{"activation_function": "mish"}""", "activation_function is \"mish\"; valid: gelu, gelu_python, gelu_new, gelu_fast, "
        + "gelu_accurate, gelu_pytorch_tanh, gelu_python_tanh, quick_gelu, relu, relu2, leaky_relu, relu6, silu, swish, sigmoid, tanh, linear")]
    [InlineData("""{"activation_function": 3}""", "activation_function is 3; valid: a text")]
    [InlineData("""{"model_type": "lama"}""",
        "model_type is \"lama\"; valid: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon, bloom; nearest: llama")]
    [InlineData("""{"n_embd": 12, "n_head": 5}""", "n_head is 5; valid: a divisor of n_embd, 12")]
    [InlineData("""{"n_layer": 0}""", "n_layer is 0; valid: an integer of at least 1")]
    [InlineData("""{"vocab_size": 1.5}""", "vocab_size is 1.5; valid: an integer of at least 1")]
    [InlineData("""{"resid_pdrop": 1.0}""", "resid_pdrop is 1.0; valid: a number in [0, 1)")]
    [InlineData("""{"layer_norm_epsilon": 0}""", "layer_norm_epsilon is 0; valid: a number above 0")]
    [InlineData("""{"tie_word_embeddings": "no"}""", "tie_word_embeddings is \"no\"; valid: true, false")]
    [InlineData("""{"add_cross_attention": true}""", "add_cross_attention is true; valid: false")]
    [InlineData("""{"model_type": "bert"}""",
        "model_type is \"bert\"; valid: gpt2, gpt_bigcode, llama, mistral, gpt_neox, gptj, falcon, bloom")]
    [InlineData("[]", "is not a model's config: it is not a JSON object")]
    [InlineData("{", "is not a model's config: it is not valid JSON")]
    public void What_has_no_counterpart_is_one_clear_line(string json, string expected) =>
        Assert.Equal($"{ConfigPath}: {expected}", Assert.Throws<CheckpointException>(() => Read(json)).Message);

    [Fact]
    public void A_missing_file_is_named() => Assert.Equal(
        $"{ConfigPath}: no such file; a Hugging Face model has it beside its weights",
        Assert.Throws<CheckpointException>(() => ConfigFile.Read(ConfigPath)).Message);

    private ModelParameters Read(string json)
    {
        File.WriteAllText(ConfigPath, json);
        return ConfigFile.Read(ConfigPath).Model;
    }
}
