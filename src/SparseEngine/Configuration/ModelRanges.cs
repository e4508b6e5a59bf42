namespace SparseEngine.Configuration;

/// <summary>The values that a model's settings may have, each by itself.</summary>
internal static class ModelRanges
{
    /// <summary>What counts something, and is at least 1 where it is given.</summary>
    public static IEnumerable<(string Key, int? Count)> Counts(ModelParameters model) =>
    [
        ("model.vocab_size", model.VocabularySize),
        ("model.hidden_size", model.HiddenSize),
        ("model.num_hidden_layers", model.Layers),
        ("model.num_heads", model.Heads),
        ("model.filter_size", model.FilterSize),
        ("model.max_position_embeddings", model.MaxPositionEmbeddings),
        ("model.attention_inner_dim", model.AttentionInnerSize),
        ("model.extra_attention_params.num_kv_groups", model.KeyValueGroups),
        ("model.attention_sliding_window_length", model.SlidingWindow),
        ("model.pos_scaling_extra_args.original_max_position_embeddings", model.Rotary?.Llama3?.OriginalPositions),
    ];

    /// <summary>Numbers, and where they may lie.</summary>
    public static IEnumerable<(string Key, double? Number, Interval Valid)> Numbers(ModelParameters model) =>
    [
        ("model.dropout_rate", model.DropoutRate, Interval.Fraction),
        ("model.embedding_dropout_rate", model.EmbeddingDropoutRate, Interval.Fraction),
        ("model.attention_dropout_rate", model.AttentionDropoutRate, Interval.Fraction),
        ("model.layer_norm_epsilon", model.LayerNormEpsilon, Interval.Positive),
        ("model.attention_qk_norm_eps", model.QueryKeyNormEpsilon, Interval.Positive),
        ("model.rope_theta", model.Rotary?.Theta, Interval.Positive),
        ("model.pos_scaling_factor", model.PositionScalingFactor, Interval.Positive),
        ("model.pos_scaling_extra_args.low_freq_factor", model.Rotary?.Llama3?.LowFrequencyFactor, Interval.Positive),
        (
            "model.pos_scaling_extra_args.high_freq_factor", model.Rotary?.Llama3?.HighFrequencyFactor,
            new Interval(model.Rotary?.Llama3?.LowFrequencyFactor ?? 0, double.PositiveInfinity, LowIncluded: false)),
        ("model.attention_logits_alpha", model.AttentionLogitsAlpha, Interval.Positive),
        ("model.embeddings_scale", model.EmbeddingsScale, Interval.Positive),
        ("model.mup_base_hidden_size", model.MupBaseHiddenSize, Interval.Positive),
        ("model.mup_base_filter_size", model.MupBaseFilterSize, Interval.Positive),
        ("model.output_logits_alpha", model.OutputLogitsAlpha, Interval.Positive),
        ("model.output_logits_scale", model.OutputLogitsScale, Interval.Positive),
        ("model.initializer_range", model.InitializerRange, Interval.NotNegative),
        ("model.loss_weight", model.LossWeight, Interval.Positive),
        .. Initializer("model.embedding_initializer", model.EmbeddingInitializer),
        .. Initializer("model.initializer", model.Initializer),
        .. Initializer("model.output_layer_initializer", model.OutputLayerInitializer),
    ];

    /// <summary>Whether every setting is among those that can be.</summary>
    public static bool Hold(ModelParameters model) =>
        Counts(model).All(count => count.Count is null or >= 1)
        && Numbers(model).All(number => number.Number is not { } value || number.Valid.Contains(value))
        && Enum.IsDefined(model.PositionEmbedding) && Enum.IsDefined(model.Norm) && (model.QueryKeyNorm is not { } norm || Enum.IsDefined(norm))
        && Enum.IsDefined(model.Nonlinearity) && Enum.IsDefined(model.LossScaling);

    private static IEnumerable<(string Key, double? Number, Interval Valid)> Initializer(string key, InitializerParameters? initializer) =>
    [
        ($"{key}.mean", initializer?.Mean, Interval.Any), ($"{key}.std", initializer?.StandardDeviation, Interval.NotNegative),
        ($"{key}.a", initializer?.Lower, Interval.Any), ($"{key}.b", initializer?.Upper, Interval.Any),
    ];
}
