using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>What of a model a layout cannot express, as a model section has it.</summary>
internal static class ModelDifferences
{
    /// <summary>How a model embeds positions.</summary>
    public static string Position(ModelParameters model) => model.PositionEmbedding == PositionEmbedding.None
        ? "use_position_embedding: false"
        : $"position_embedding_type: {PositionSection.Types.NameOf(model.PositionEmbedding)}";

    /// <summary>The non-linearity of a model's feed-forward.</summary>
    public static string Nonlinearity(ModelParameters model) => $"nonlinearity: {FeedForwardSection.NameOf(model)}";

    /// <summary>That a part of each head is rotated, where a layout rotates all of it.</summary>
    public static (bool Lacking, string What) PartialRotary(ModelParameters model) =>
        (model.Rotary is { } rotary && rotary.Dimensions != model.HeadSize, $"rotary_dim: {model.Rotary?.Dimensions}");

    /// <summary>The settings of a model beyond a layout's positions, norms and extras, and those of its own that it lacks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="can">What the layout can express.</param>
    /// <param name="own">What else it lacks where a condition holds.</param>
    public static IEnumerable<string> Of(ModelParameters model, Expressible can, params IEnumerable<(bool Lacking, string What)> own)
    {
        bool grouped = model.KeyValueHeads != model.Heads;
        bool hasInnerSize = model.AttentionSize != model.HiddenSize;
        bool isGated = can.HasFlag(Expressible.Gate);
        NormKind norm = can.HasFlag(Expressible.RmsNorm) ? NormKind.RmsNorm : NormKind.LayerNorm;
        IEnumerable<(bool Lacking, string What)> common =
        [
            ((can & FlagOf(model.PositionEmbedding)) == Expressible.Nothing, Position(model)),
            (model.EmbeddingLayerNorm != can.HasFlag(Expressible.EmbeddingNorm), $"embedding_layer_norm: {Word(model.EmbeddingLayerNorm)}"),
            (model.Norm != norm, $"norm_type: {NormSection.Kinds.NameOf(model.Norm)}"),
            (grouped && !can.HasFlag(Expressible.Groups), $"num_kv_groups: {model.KeyValueHeads}"),
            (hasInnerSize && !can.HasFlag(Expressible.InnerSize), $"attention_inner_dim: {model.AttentionSize}"),
            (model.SlidingWindow is not null && !can.HasFlag(Expressible.Window), $"attention_sliding_window_length: {model.SlidingWindow}"),
            (model.QueryKeyNorm is not null, $"attention_qk_norm_layer: {NormSection.Kinds.NameOf(model.QueryKeyNorm ?? NormKind.LayerNorm)}"),
            (!model.ScaledAttention && !can.HasFlag(Expressible.DotProduct), "attention_type: dot_product"),
            (model is { ScaledAttention: true, ScaleAttentionByHeadSize: true }, "scale_qk_dot_by_d: true"),
            (model.ScaleAttentionByLayer && !can.HasFlag(Expressible.LayerScale), "scale_qk_dot_by_layer_idx: true"),
            (model.AttentionLogitsAlpha != 1, $"attention_logits_alpha: {YamlScalar.Of(model.AttentionLogitsAlpha)}"),
            (model.EmbeddingsScale != 1, $"embeddings_scale: {YamlScalar.Of(model.EmbeddingsScale)}"),
            (model.LogitsScale != 1, $"logits multiplied by {YamlScalar.Of(model.LogitsScale)}"),
            (model.GatedFeedForward != isGated, Nonlinearity(model)),
            (model.ParallelResidual && !can.HasFlag(Expressible.Parallel), "a parallel residual"),
        ];
        return common.Concat(own).Where(difference => difference.Lacking).Select(difference => difference.What);
    }

    /// <summary>The biases that a layout has none of, or must have.</summary>
    /// <param name="model">The model.</param>
    /// <param name="attention">Whether the layout has biases in attention; null where a key says so for all of them at once.</param>
    /// <param name="feedForward">Whether it has biases in the feed-forward; null where a key says so.</param>
    /// <param name="output">Whether it has one in the output head.</param>
    public static IEnumerable<(bool Lacking, string What)> Biases(ModelParameters model, bool? attention, bool? feedForward, bool output = false) =>
    [
        (model.UseProjectionBiasInAttention != (attention ?? model.UseFfnBiasInAttention),
            $"use_projection_bias_in_attention: {Word(model.UseProjectionBiasInAttention)}"),
        (model.UseFfnBiasInAttention != (attention ?? model.UseProjectionBiasInAttention),
            $"use_ffn_bias_in_attention: {Word(model.UseFfnBiasInAttention)}"),
        (model.UseFfnBias != (feedForward ?? model.UseFfnBias), $"use_ffn_bias: {Word(model.UseFfnBias)}"),
        (model.UseBiasInOutput != output, $"use_bias_in_output: {Word(model.UseBiasInOutput)}"),
    ];

    /// <summary>The dropout rates that a layout has no key for.</summary>
    /// <param name="model">The model.</param>
    /// <param name="residual">The rate that it has for attention's and the feed-forward's outputs.</param>
    /// <param name="embedding">The rate that it has for embeddings.</param>
    public static IEnumerable<string> Dropout(ModelParameters model, double residual, double embedding)
    {
        if (model.DropoutRate != residual)
        {
            yield return $"dropout_rate: {YamlScalar.Of(model.DropoutRate)}";
        }

        if (model.EmbeddingDropoutRate != embedding)
        {
            yield return $"embedding_dropout_rate: {YamlScalar.Of(model.EmbeddingDropoutRate)}";
        }
    }

    private static Expressible FlagOf(PositionEmbedding position) => position switch
    {
        PositionEmbedding.Learned => Expressible.Learned,
        PositionEmbedding.Rotary => Expressible.Rotary,
        PositionEmbedding.Alibi => Expressible.Alibi,
        _ => Expressible.Nothing,
    };

    private static string Word(bool flag) => YamlScalar.Of(flag);
}
