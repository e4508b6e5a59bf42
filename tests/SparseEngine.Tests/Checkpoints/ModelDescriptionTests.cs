using System.Text.Json.Nodes;
using SparseEngine.Configuration;
using SparseEngine.Kernels.Devices;
using SparseEngine.Models;

namespace SparseEngine.Tests.Checkpoints;

public sealed class ModelDescriptionTests
{
    private static readonly ModelParameters Plain = new() { VocabularySize = 8, HiddenSize = 4, Layers = 1, Heads = 1, FilterSize = 8 };

    private static readonly ModelParameters Everything = Plain with
    {
        HiddenSize = 30,
        Heads = 4,
        KeyValueGroups = 2,
        AttentionInnerSize = 16,
        PositionEmbedding = PositionEmbedding.Rotary,
        Rotary = new RotaryParameters(4, 5e5) { Llama3 = new Llama3Scaling(2, 8, 4096) },
        PositionScalingFactor = 32,
        Norm = NormKind.RmsNorm,
        ParallelResidual = true,
        UntiedLayerNorm = true,
        ScaleAttentionByHeadSize = true,
        ScaleAttentionByLayer = true,
        AttentionLogitsAlpha = 4,
        SlidingWindow = 3,
        QueryKeyNorm = NormKind.BiaslessLayerNorm,
        Nonlinearity = Activation.Silu,
        GatedFeedForward = true,
        EmbeddingsScale = 14.6,
        MupBaseHiddenSize = 12.8,
        MupBaseFilterSize = 4,
        OutputLogitsAlpha = 2,
        ScaleOutputLogitsByWidth = false,
    };

    /// <summary>A description with some properties set, or removed by null.</summary>
    private static string Changed(ModelParameters model, params (string Property, string? Json)[] changes)
    {
        JsonObject description = JsonNode.Parse(ModelDescription.Write(model))!.AsObject();
        foreach ((string property, string? json) in changes)
        {
            description.Remove(property);
            if (json is not null)
            {
                description[property] = JsonNode.Parse(json);
            }
        }

        return description.ToJsonString();
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        Assert.Equal(Plain, ModelDescription.Read(ModelDescription.Write(Plain)));
        Assert.Equal(Everything, ModelDescription.Read(ModelDescription.Write(Everything)));
    }

    [Theory]
    [InlineData("true", PositionEmbedding.Learned)]
    [InlineData("false", PositionEmbedding.None)]
    public void A_description_of_an_earlier_release_says_whether_there_are_positions(string json, PositionEmbedding expected)
    {
        const string written =
            """
            {"VocabularySize":8,"HiddenSize":4,"Layers":1,"Heads":1,"FilterSize":8,"MaxPositionEmbeddings":1024,"UsePositionEmbedding":USE,
            "ShareEmbeddingWeights":true,"EmbeddingLayerNorm":false,"DropoutRate":0,"EmbeddingDropoutRate":0,"AttentionDropoutRate":0,
            "LayerNormEpsilon":1E-05,"ScaledAttention":true,"UseProjectionBiasInAttention":true,"UseFfnBiasInAttention":true,"UseFfnBias":true,
            "UseBiasInOutput":false,"Nonlinearity":"Gelu","InitializerRange":0.02,"EmbeddingInitializer":null,"Initializer":null,
            "OutputLayerInitializer":null,"LossScaling":"NumTokens","LossWeight":1,"ComputeEvalMetrics":true}
            """;

        Assert.Equal(
            Plain with { PositionEmbedding = expected }, ModelDescription.Read(written.Replace("USE", json, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Heads", "3")]
    [InlineData("Heads", "0")]
    [InlineData("KeyValueGroups", "3")]
    [InlineData("KeyValueGroups", "-2")]
    [InlineData("AttentionInnerSize", "18")]
    [InlineData("AttentionInnerSize", "0")]
    [InlineData("Rotary", "null")]
    [InlineData("Rotary", """{"Dimensions":3,"Theta":10000}""")]
    [InlineData("Rotary", """{"Dimensions":6,"Theta":10000}""")]
    [InlineData("Rotary", """{"Dimensions":4,"Theta":-1}""")]
    [InlineData("Rotary", "8")]
    [InlineData("PositionEmbedding", "\"Alibi\"")]
    [InlineData("PositionEmbedding", "\"Relative\"")]
    [InlineData("PositionEmbedding", "17")]
    [InlineData("PositionScalingFactor", "0")]
    [InlineData("SlidingWindow", "0")]
    [InlineData("Norm", "99")]
    [InlineData("QueryKeyNorm", "99")]
    [InlineData("QueryKeyNormEpsilon", "0")]
    [InlineData("ParallelResidual", "false")]
    [InlineData("MupBaseFilterSize", "null")]
    [InlineData("MupBaseHiddenSize", "-3")]
    [InlineData("HiddenSize", null)]
    public void Nonsense_is_no_description(string property, string? json) =>
        Assert.Null(ModelDescription.Read(Changed(Everything, (property, json))));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"Heads":1,"Heads":2}""")]
    public void Another_text_is_no_description(string json) => Assert.Null(ModelDescription.Read(json));
}
