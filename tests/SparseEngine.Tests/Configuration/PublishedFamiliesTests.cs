using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Tests.Configuration;

/// <summary>The GPT family's public configurations, as Model Zoo 1.8 and 2.10 have them.</summary>
public sealed class PublishedFamiliesTests
{
    /// <summary>The one that has keys beyond those that are implemented.</summary>
    private const string SinkTokens = "zoo-2.10/llama_params_llama3p1_8b_msl_32k_swa_8k_sink_512.yaml";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "data", "configs");

    private static ModelParameters Model(string name) => RunParametersReader.ReadFile(Path.Combine(Folder, name)).Parameters.Model;

    public static TheoryData<string> Readable =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Folder, path)
            .Replace(Path.DirectorySeparatorChar, '/')).Where(name => name != SinkTokens).Order(StringComparer.Ordinal)];

    [Fact]
    public void All_of_them_are_here()
    {
        Assert.Equal(14, Directory.GetFiles(Path.Combine(Folder, "zoo-1.8")).Length);
        Assert.Equal(40, Directory.GetFiles(Path.Combine(Folder, "zoo-2.10")).Length);
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public void A_published_file_is_read_and_nothing_of_its_model_is_doubtful(string name)
    {
        ReadResult result = RunParametersReader.ReadFile(Path.Combine(Folder, name));

        Assert.NotNull(result.Parameters.TrainInput);
        Assert.DoesNotContain(result.Warnings, warning => warning.Text.Contains("model.", StringComparison.Ordinal));
        Assert.Empty(ModelRules.Broken(result.Parameters.Model));
    }

    [Fact]
    public void One_is_refused_for_its_sink_tokens()
    {
        string path = Path.Combine(Folder, SinkTokens);

        ConfigurationException refused = Assert.Throws<ConfigurationException>(() => RunParametersReader.ReadFile(path));

        Assert.Equal(
            [
                $"{path}:12:7: trainer.fit.train_dataloader.data_transforms is a list: the key is not implemented; valid: no such key",
                $"{path}:52:7: trainer.init.model.attention_sink_tokens is 512: the key is not implemented; valid: no such key",
            ],
            refused.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void The_tiny_llama_has_the_values_that_its_file_gives() =>
        Assert.Equal(
            new ModelParameters
            {
                VocabularySize = 211,
                HiddenSize = 48,
                Layers = 3,
                Heads = 6,
                KeyValueGroups = 2,
                FilterSize = 128,
                MaxPositionEmbeddings = 40,
                PositionEmbedding = PositionEmbedding.Rotary,
                Rotary = new RotaryParameters(8, 10000),
                ShareEmbeddingWeights = false,
                Norm = NormKind.RmsNorm,
                UseProjectionBiasInAttention = false,
                UseFfnBiasInAttention = false,
                UseFfnBias = false,
                Nonlinearity = Activation.Silu,
                GatedFeedForward = true,
            },
            Model("tiny-llama.yaml"));

    [Fact]
    public void Llama_3_has_grouped_keys_and_scaled_rotary_positions()
    {
        ModelParameters model = Model("zoo-2.10/llama_params_llama3p1_70b_msl_128k.yaml");

        Assert.Equal((NormKind.RmsNorm, Activation.Silu, true), (model.Norm, model.Nonlinearity, model.GatedFeedForward));
        Assert.Equal((64, 8, 128, 1024), (model.Heads, model.KeyValueHeads, model.HeadSize, model.KeyValueSize));
        Assert.Equal((8.0, PositionEmbedding.Rotary), (model.PositionScalingFactor, model.PositionEmbedding));
        Assert.Equal(new RotaryParameters(128, 5e5) { Llama3 = new Llama3Scaling(1, 4, 8192) }, model.Rotary);
        Assert.Equal((false, false, false), (model.UseProjectionBiasInAttention, model.UseFfnBiasInAttention, model.UseFfnBias));
    }

    [Fact]
    public void Mistral_has_a_window_and_a_narrower_attention()
    {
        Assert.Equal((4096, null), (Model("zoo-2.10/mistral_params_mistral_7B_msl128k.yaml").SlidingWindow, Model(
            "zoo-2.10/mistral_params_mistral_7B_msl128k.yaml").AttentionInnerSize));

        ModelParameters model = Model("zoo-2.10/mistral_params_mistral_12b.yaml");

        Assert.Equal((5120, 4096, 128, 8), (model.HiddenSize, model.AttentionSize, model.HeadSize, model.KeyValueHeads));
        Assert.Equal((null, new RotaryParameters(128, 1e6)), (model.SlidingWindow, model.Rotary));
    }

    [Theory]
    [InlineData("zoo-1.8/params_gptj_6B.yaml", false, 64, true, true)]
    [InlineData("zoo-1.8/params_gpt_neox_20B.yaml", true, 24, true, false)]
    [InlineData("zoo-1.8/params_gpt_neox_small.yaml", true, 16, true, false)]
    [InlineData("zoo-2.10/gptj_params_gptj_6B_muP.yaml", false, 64, true, true)]
    [InlineData("zoo-2.10/falcon_params_falcon_7b.yaml", false, 64, false, false)]
    [InlineData("zoo-2.10/falcon_params_falcon_180b.yaml", true, 64, false, false)]
    public void Layers_of_gpt_js_class_run_side_by_side(string name, bool isUntied, int rotary, bool hasFfnBias, bool hasOutputBias)
    {
        ModelParameters model = Model(name);

        Assert.Equal((true, isUntied), (model.ParallelResidual, model.UntiedLayerNorm));
        Assert.Equal(new RotaryParameters(rotary), model.Rotary);
        Assert.Equal((hasFfnBias, hasOutputBias), (model.UseFfnBias, model.UseBiasInOutput));
        Assert.Equal((0.0, 0.0, 0.0), (model.DropoutRate, model.EmbeddingDropoutRate, model.AttentionDropoutRate));
    }

    [Theory]
    [InlineData("zoo-2.10/bloom_params_bloom_7b.yaml", true, false, 1.0, 1.0)]
    [InlineData("zoo-2.10/btlm_params_btlm_2p7b_8k.yaml", false, true, 14.6, 0.1)]
    [InlineData("zoo-2.10/jais_params_jais_30b.yaml", false, true, 14.6, 256.0 / 7168)]
    public void Alibi_models_have_no_table(string name, bool embeddingNorm, bool isGated, double embeddingsScale, double hiddenRatio)
    {
        ModelParameters model = Model(name);

        Assert.Equal((PositionEmbedding.Alibi, false, embeddingNorm), (model.PositionEmbedding, model.HasPositionTable, model.EmbeddingLayerNorm));
        Assert.Equal((isGated, embeddingsScale, hiddenRatio), (model.GatedFeedForward, model.EmbeddingsScale, model.HiddenRatio));
        Assert.Equal(embeddingsScale != 1, model.ScaleAttentionByHeadSize);
    }

    [Fact]
    public void Starcoder_has_one_group_of_keys()
    {
        ModelParameters model = Model("zoo-2.10/starcoder_params_octocoder_15b.yaml");

        Assert.Equal((1, 48, PositionEmbedding.Learned), (model.KeyValueGroups, model.Heads, model.PositionEmbedding));
        Assert.Equal((0.1, 0.1, 0.1), (model.DropoutRate, model.EmbeddingDropoutRate, model.AttentionDropoutRate));
    }
}
