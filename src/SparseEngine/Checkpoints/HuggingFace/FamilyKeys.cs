using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The keys of a model section in which families differ from GPT-2, where a model does.</summary>
internal static class FamilyKeys
{
    /// <summary>Each key with its value, as a model section has it.</summary>
    public static IEnumerable<(string Key, object Value)> Of(ModelParameters model) => [.. Layers(model), .. Positions(model), .. Attention(model)];

    private static IEnumerable<(string Key, object Value)> Layers(ModelParameters model)
    {
        if (model.ParallelResidual)
        {
            yield return ("name", "gptj");
            yield return ("use_untied_layer_norm", model.UntiedLayerNorm);
        }

        if (model.Norm is not NormKind.LayerNorm)
        {
            yield return ("norm_type", model.Norm is NormKind.RmsNorm ? "rmsnorm" : "biasless-layernorm");
        }
    }

    private static IEnumerable<(string Key, object Value)> Positions(ModelParameters model)
    {
        yield return ("position_embedding_type", $"{model.PositionEmbedding}".ToLowerInvariant());
        if (model.Rotary is { } rotary)
        {
            yield return ("rotary_dim", rotary.Dimensions);
            yield return ("rope_theta", rotary.Theta);
        }

        if (model.PositionScalingFactor != 1 || model.Rotary?.Llama3 is not null)
        {
            yield return ("pos_scaling_factor", model.PositionScalingFactor);
            yield return ("pos_scaling_type", model.Rotary?.Llama3 is null ? "linear" : "llama3");
        }

        if (model.Rotary?.Llama3 is { } scaling)
        {
            string low = $"low_freq_factor: {YamlScalar.Of(scaling.LowFrequencyFactor)}";
            string high = $"high_freq_factor: {YamlScalar.Of(scaling.HighFrequencyFactor)}";
            yield return ("pos_scaling_extra_args", $"{{{low}, {high}, original_max_position_embeddings: {scaling.OriginalPositions}}}");
        }
    }

    private static IEnumerable<(string Key, object Value)> Attention(ModelParameters model)
    {
        if (model.KeyValueHeads != model.Heads)
        {
            yield return ("attention_module", "multiquery_attention");
            yield return ("extra_attention_params", $"{{num_kv_groups: {YamlScalar.Of(model.KeyValueHeads)}}}");
        }

        if (model.AttentionSize != model.HiddenSize)
        {
            yield return ("attention_inner_dim", model.AttentionSize);
        }

        if (model.SlidingWindow is { } window)
        {
            yield return ("attention_sliding_window_length", window);
        }

        if (model.ScaleAttentionByLayer)
        {
            yield return ("scale_qk_dot_by_layer_idx", true);
        }
    }
}
