using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The keys of Falcon's config.json.</summary>
/// <remarks>
/// It adds ALiBi to the scores before they are divided by the root of the head size: distances are divided by it as well.
/// </remarks>
internal static class FalconKeys
{
    private const string Newer = "new_decoder_architecture";
    private const string Parallel = "parallel_attn";
    private const string Norms = "num_ln_in_parallel_attn";
    private const string MultiQuery = "multi_query";
    private const string Groups = "num_kv_heads";
    private const string Heads = "num_attention_heads";
    private const string Alibi = "alibi";

    /// <summary>Reads the settings.</summary>
    public static ModelParameters Read(ConfigReader config)
    {
        int hidden = config.Size(4544, "hidden_size");
        bool bias = config.Flag("bias", byDefault: false);
        ModelParameters model = new()
        {
            VocabularySize = config.Size(65024, "vocab_size"),
            MaxPositionEmbeddings = config.Size(2048, "max_position_embeddings"),
            HiddenSize = hidden,
            Layers = config.Size(32, "num_hidden_layers"),
            Heads = config.Divisor(71, hidden, "hidden_size", Heads),
            FilterSize = config.Size((int)Math.Min(4L * hidden, int.MaxValue), "ffn_hidden_size"),
            Nonlinearity = ActivationNames.Read(config, "activation", "gelu"),
            LayerNormEpsilon = config.Number("layer_norm_epsilon", Interval.Positive, 1e-5),
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: true),
            UseProjectionBiasInAttention = bias,
            UseFfnBiasInAttention = bias,
            UseFfnBias = bias,
            DropoutRate = config.Number("hidden_dropout", Interval.Fraction, 0),
            AttentionDropoutRate = config.Number("attention_dropout", Interval.Fraction, 0),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
        model = ReadDecoder(config, model);
        if (config.Flag(Alibi, byDefault: false))
        {
            return model with { PositionEmbedding = PositionEmbedding.Alibi, PositionScalingFactor = Math.Sqrt(model.HeadSize) };
        }

        RotaryConfig.RequireWholeHeads(config, model.HeadSize, "hidden_size / num_attention_heads");
        return RotaryConfig.Read(config, model, model.HeadSize);
    }

    /// <summary>What it lacks of a model.</summary>
    public static IEnumerable<string> Lacks(ModelParameters model)
    {
        bool hasAlibi = model.PositionEmbedding == PositionEmbedding.Alibi;
        bool hasGroups = model.KeyValueHeads != 1 && model.KeyValueHeads != model.Heads;
        return ModelDifferences.Of(
            model,
            Expressible.Rotary | Expressible.Alibi | Expressible.Groups | Expressible.Parallel,
            [
                ModelDifferences.PartialRotary(model),
                (hasAlibi && model.PositionScalingFactor != Math.Sqrt(model.HeadSize),
                    $"pos_scaling_factor: {YamlScalar.Of(model.PositionScalingFactor)}, with ALiBi not the root of the head size"),
                (hasGroups && !model.ParallelResidual, $"num_kv_groups: {model.KeyValueHeads} without a parallel residual"),
                (model.UseFfnBias != model.UseProjectionBiasInAttention, $"use_ffn_bias: {YamlScalar.Of(model.UseFfnBias)}"),
                .. ModelDifferences.Biases(model, attention: null, feedForward: null),
            ]);
    }

    /// <summary>Writes the settings.</summary>
    public static void Write(Utf8JsonWriter json, ModelParameters model)
    {
        bool isGrouped = model.KeyValueHeads != 1 && model.KeyValueHeads != model.Heads;
        bool hasTwoNorms = model is { ParallelResidual: true, UntiedLayerNorm: true };
        json.WriteNumber("max_position_embeddings", model.MaxPositionEmbeddings);
        json.WriteNumber("hidden_size", model.HiddenSize);
        json.WriteNumber("num_hidden_layers", model.Layers);
        json.WriteNumber(Heads, model.Heads);
        json.WriteNumber("ffn_hidden_size", model.FilterSize);
        json.WriteBoolean(Newer, hasTwoNorms || isGrouped);
        json.WriteBoolean(Parallel, model.ParallelResidual);
        json.WriteNumber(Norms, hasTwoNorms ? 2 : 1);
        json.WriteBoolean(MultiQuery, model.KeyValueHeads == 1);
        json.WriteNumber(Groups, model.KeyValueHeads);
        json.WriteBoolean("bias", model.UseFfnBias);
        ActivationNames.Write(json, "activation", model);
        json.WriteNumber("layer_norm_epsilon", model.LayerNormEpsilon);
        json.WriteBoolean(Alibi, model.PositionEmbedding == PositionEmbedding.Alibi);
        if (model.PositionEmbedding == PositionEmbedding.Rotary)
        {
            RotaryConfig.Write(json, model);
        }

        json.WriteNumber("hidden_dropout", model.DropoutRate);
        json.WriteNumber("attention_dropout", model.AttentionDropoutRate);
    }

    private static ModelParameters ReadDecoder(ConfigReader config, ModelParameters model)
    {
        bool isNewer = config.Flag(Newer, byDefault: false);
        if (isNewer)
        {
            config.Require(Parallel, valid: true, byDefault: true);
        }

        bool isParallel = config.Flag(Parallel, byDefault: true);
        int norms = config.Size(isNewer ? 2 : 1, Norms);
        if (norms > (isNewer ? 2 : 1))
        {
            throw config.Invalid(Norms, norms, isNewer ? "1, 2" : $"1 without {Newer}");
        }

        int groups = isNewer ? config.Divisor(model.Heads, model.Heads, Heads, Groups)
            : config.Flag(MultiQuery, byDefault: true) ? 1
            : model.Heads;
        return model with
        {
            KeyValueGroups = groups == model.Heads ? null : groups,
            ParallelResidual = isParallel,
            UntiedLayerNorm = isParallel && norms == 2,
        };
    }
}
