using System.Collections.Immutable;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;
using static System.FormattableString;

namespace SparseEngine.Checkpoints;

/// <summary>The keys of a model section that say what function the weights are those of.</summary>
/// <remarks>
/// What concerns training alone is not among them: dropout, initializers, muP's base filter size, the loss's scaling and what is measured.
/// </remarks>
internal static class ModelKeys
{
    private const string None = "null";

    /// <summary>Each key that every model has, with its value as a model section has it.</summary>
    public static ImmutableArray<(string Key, Func<ModelParameters, object> ValueIn)> All { get; } =
    [
        ("vocab_size", model => model.VocabularySize),
        ("hidden_size", model => model.HiddenSize),
        ("num_hidden_layers", model => model.Layers),
        ("num_heads", model => model.Heads),
        ("filter_size", model => model.FilterSize),
        ("max_position_embeddings", model => model.MaxPositionEmbeddings),
        ("use_position_embedding", model => model.PositionEmbedding is not PositionEmbedding.None),
        ("share_embedding_weights", model => model.ShareEmbeddingWeights),
        ("embedding_layer_norm", model => model.EmbeddingLayerNorm),
        ("nonlinearity", FeedForwardSection.NameOf),
        ("attention_type", model => AttentionSection.Types.NameOf(model.ScaledAttention)),
        ("use_projection_bias_in_attention", model => model.UseProjectionBiasInAttention),
        ("use_ffn_bias_in_attention", model => model.UseFfnBiasInAttention),
        ("use_ffn_bias", model => model.UseFfnBias),
        ("use_bias_in_output", model => model.UseBiasInOutput),
        ("layer_norm_epsilon", model => model.LayerNormEpsilon),
    ];

    /// <summary>Each key that some families have, with its value; null where the model needs none.</summary>
    public static ImmutableArray<(string Key, Func<ModelParameters, object?> ValueIn)> OfFamilies { get; } =
    [
        ("name", model => model.ParallelResidual ? "gptj" : "gpt2"),
        ("use_untied_layer_norm", model => model.UntiedLayerNorm),
        ("norm_type", model => NormSection.Kinds.NameOf(model.Norm)),
        ("position_embedding_type", model => PositionSection.Types.NameOf(model.PositionEmbedding)),
        ("rotary_dim", model => model.Rotary?.Dimensions),
        ("rope_theta", model => model.Rotary?.Theta),
        ("pos_scaling_factor", model => model.PositionScalingFactor),
        ("pos_scaling_type", model => model.Rotary is not { } rotary ? null : rotary.Llama3 is null ? "linear" : "llama3"),
        ("pos_scaling_extra_args", model => model.Rotary?.Llama3 is { } scaling ? ArgumentsOf(scaling) : null),
        ("attention_inner_dim", model => model.AttentionSize == model.HiddenSize ? null : model.AttentionSize),
        ("extra_attention_params", model => model.KeyValueHeads == model.Heads ? null : Invariant($"{{num_kv_groups: {model.KeyValueHeads}}}")),
        ("attention_sliding_window_length", model => model.SlidingWindow),
        ("attention_qk_norm_layer", model => model.QueryKeyNorm is { } norm ? NormSection.Kinds.NameOf(norm) : null),
        ("attention_qk_norm_eps", model => model.QueryKeyNorm is null ? null : model.QueryKeyNormEpsilon),
        ("scale_qk_dot_by_d", model => model.ScaleAttentionByHeadSize),
        ("scale_qk_dot_by_layer_idx", model => model.ScaleAttentionByLayer),
        ("attention_logits_alpha", model => model.AttentionLogitsAlpha),
        ("embeddings_scale", model => model.EmbeddingsScale),
        ("mup_base_hidden_size", model => model.MupBaseHiddenSize),
        ("output_logits_alpha", model => model.OutputLogitsAlpha),
        ("scale_output_logits_by_d", model => model.ScaleOutputLogitsByWidth),
        ("output_logits_scale", model => model.OutputLogitsScale),
    ];

    /// <summary>Where two models differ: the key, and its value in each.</summary>
    public static IEnumerable<(string Key, string Value, string Other)> Differences(ModelParameters model, ModelParameters other) =>
        All.Select(key => (key.Key, Value: (object?)key.ValueIn(model), Other: (object?)key.ValueIn(other)))
            .Concat(OfFamilies.Select(key => (key.Key, Value: key.ValueIn(model), Other: key.ValueIn(other))))
            .Select(key => (key.Key, Value: TextOf(key.Value), Other: TextOf(key.Other)))
            .Where(difference => difference.Value != difference.Other && IsOfUse(difference.Key, model, other));

    private static bool IsOfUse(string key, ModelParameters model, ModelParameters other) => key switch
    {
        // Without a table of positions their number limits the data alone.
        "max_position_embeddings" => model.HasPositionTable || other.HasPositionTable,

        // What use_position_embedding tells already.
        "position_embedding_type" => model.PositionEmbedding is not PositionEmbedding.None && other.PositionEmbedding is not PositionEmbedding.None,

        // What position_embedding_type and attention_qk_norm_layer tell already.
        "rotary_dim" or "rope_theta" or "pos_scaling_type" => model.Rotary is not null && other.Rotary is not null,
        "attention_qk_norm_eps" => model.QueryKeyNorm is not null && other.QueryKeyNorm is not null,

        // What attention_type tells already, or has no use for.
        "scale_qk_dot_by_d" => model.ScaledAttention && other.ScaledAttention,

        // They matter by their product alone.
        "mup_base_hidden_size" or "output_logits_alpha" or "scale_output_logits_by_d" or "output_logits_scale" =>
            model.LogitsScale != other.LogitsScale,
        _ => true,
    };

    private static string TextOf(object? value) => value is null ? None : YamlScalar.Of(value);

    private static string ArgumentsOf(Llama3Scaling scaling) => Invariant(
        $"{{low_freq_factor: {scaling.LowFrequencyFactor}, high_freq_factor: {scaling.HighFrequencyFactor}, ")
        + Invariant($"original_max_position_embeddings: {scaling.OriginalPositions}}}");
}
