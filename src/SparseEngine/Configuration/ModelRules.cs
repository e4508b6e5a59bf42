using System.Collections.Immutable;
using static System.FormattableString;

namespace SparseEngine.Configuration;

/// <summary>The rules between the settings of a model.</summary>
internal static class ModelRules
{
    private const string HiddenSize = "model.hidden_size";
    private const string Heads = "model.num_heads";
    private const string InnerSize = "model.attention_inner_dim";
    private const string PositionType = "model.position_embedding_type";

    /// <summary>Every rule that a model breaks.</summary>
    public static IEnumerable<BrokenRule> Broken(ModelParameters model) =>
        model.Heads < 1
            ? []
            : [.. BrokenByHeads(model), .. BrokenByPositions(model), .. BrokenByMup(model), .. BrokenByLayers(model), .. Weights(model)];

    private static IEnumerable<BrokenRule> BrokenByHeads(ModelParameters model)
    {
        if (model.AttentionInnerSize is { } inner && inner % model.Heads != 0)
        {
            yield return Rule(InnerSize, [Heads], $"is {inner}; valid: a multiple of num_heads, {model.Heads}");
        }
        else if (model.AttentionInnerSize is null && model.HiddenSize % model.Heads != 0)
        {
            yield return Rule(Heads, [HiddenSize], $"is {model.Heads}; valid: a divisor of hidden_size, {model.HiddenSize}");
        }

        if (model.KeyValueGroups is > 0 and { } groups && model.Heads % groups != 0)
        {
            yield return Rule("model.extra_attention_params.num_kv_groups", [Heads], $"is {groups}; valid: a divisor of num_heads, {model.Heads}");
        }
    }

    private static IEnumerable<BrokenRule> BrokenByPositions(ModelParameters model)
    {
        if (model.Rotary is { } rotary && (rotary.Dimensions < 2 || rotary.Dimensions % 2 != 0 || rotary.Dimensions > model.HeadSize))
        {
            yield return Rule(
                "model.rotary_dim", [Heads, model.AttentionInnerSize is null ? HiddenSize : InnerSize],
                $"is {rotary.Dimensions}; valid: an even number from 2 to the size of a head, {model.HeadSize}");
        }

        if (model.PositionEmbedding is PositionEmbedding.Rotary != model.Rotary is not null)
        {
            yield return Rule(
                PositionType, [], $"is {model.PositionEmbedding}; valid: Rotary where the settings of rotary positions are given, and there alone");
        }

        if (model.PositionScalingFactor != 1 && model.PositionEmbedding is not (PositionEmbedding.Rotary or PositionEmbedding.Alibi))
        {
            yield return Rule(
                "model.pos_scaling_factor", [PositionType],
                $"is {model.PositionScalingFactor}; valid: 1, or position_embedding_type rotary or alibi");
        }

        if (model.PositionEmbedding is PositionEmbedding.Fixed && model.MaxPositionEmbeddings < 2)
        {
            yield return Rule(
                "model.max_position_embeddings", [PositionType], $"is {model.MaxPositionEmbeddings}; valid: at least 2 with fixed positions");
        }
    }

    private static IEnumerable<BrokenRule> BrokenByMup(ModelParameters model)
    {
        const string hidden = "mup_base_hidden_size", filter = "mup_base_filter_size";
        if (model.MupBaseHiddenSize is null != model.MupBaseFilterSize is null)
        {
            (string given, string missing) = model.MupBaseHiddenSize is null ? (filter, hidden) : (hidden, filter);
            yield return Rule($"model.{given}", [$"model.{missing}"], $"is given without {missing}; valid: both of them, or neither");
        }

        if (model.MupBaseHiddenSize is null)
        {
            yield break;
        }

        if (model.OutputLogitsScale != 1)
        {
            yield return Rule(
                "model.output_logits_scale", [], $"is {model.OutputLogitsScale} together with {hidden}; valid: output_logits_alpha in its place");
        }

        foreach (BrokenRule rule in Unscalable(model, "muP"))
        {
            yield return rule;
        }
    }

    /// <summary>The initializers whose deviation cannot be scaled.</summary>
    /// <param name="model">The model.</param>
    /// <param name="scaling">What would scale them.</param>
    public static IEnumerable<BrokenRule> Unscalable(ModelParameters model, string scaling)
    {
        (string Key, InitializerParameters? Initializer)[] scaled =
            [("model.initializer", model.Initializer), ("model.output_layer_initializer", model.OutputLayerInitializer)];
        return scaled.Where(entry => entry.Initializer is { Kind: not (InitializerKind.Normal or InitializerKind.TruncatedNormal) })
            .Select(entry => Rule(entry.Key, [], $"is {entry.Initializer!.Kind}, which {scaling} cannot scale; valid: normal, truncated_normal"));
    }

    private static IEnumerable<BrokenRule> BrokenByLayers(ModelParameters model)
    {
        if (model is { UntiedLayerNorm: true, ParallelResidual: false })
        {
            yield return Rule(
                "model.use_untied_layer_norm", [],
                $"is true; valid: false, or a family that adds attention and feed-forward at once, such as gpt-neox");
        }
    }

    /// <summary>A weight is read from a checkpoint and drawn as one array.</summary>
    private static IEnumerable<BrokenRule> Weights(ModelParameters model)
    {
        (string Key, int Rows)[] weights =
        [
            model.AttentionInnerSize is { } inner ? (InnerSize, inner) : (HiddenSize, model.HiddenSize),
            ("model.vocab_size", model.VocabularySize), ("model.filter_size", model.FilterSize),
            .. model.HasPositionTable ? [("model.max_position_embeddings", model.MaxPositionEmbeddings)] : Array.Empty<(string, int)>(),
        ];
        return weights.Where(weight => (long)weight.Rows * model.HiddenSize > Array.MaxLength).Select(weight => Rule(
            weight.Key, [HiddenSize],
            $"is {weight.Rows}: with hidden_size {model.HiddenSize} that makes a weight of more than {Array.MaxLength} elements"));
    }

    private static BrokenRule Rule(string key, ImmutableArray<string> others, FormattableString text) => new(key, others, Invariant(text));
}
