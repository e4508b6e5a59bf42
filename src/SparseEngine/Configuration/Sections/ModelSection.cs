using SparseEngine.Kernels.Devices;
using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the model section: the keys of Model Zoo 1.8's GPT-2 and GPT-3.</summary>
internal static class ModelSection
{
    /// <summary>The words for the feed-forward's non-linearity.</summary>
    public static readonly Choices<Activation> Nonlinearities = new(
        ("gelu", Activation.Gelu), ("gelu_new", Activation.GeluNew), ("quick_gelu", Activation.QuickGelu), ("relu", Activation.Relu),
        ("squared_relu", Activation.SquaredRelu), ("leaky_relu", Activation.LeakyRelu), ("relu6", Activation.Relu6), ("silu", Activation.Silu),
        ("swish", Activation.Silu), ("sigmoid", Activation.Sigmoid), ("tanh", Activation.Tanh), ("linear", Activation.Linear));

    /// <summary>The words for the attention; the value says whether its scores are scaled by 1/sqrt(head size).</summary>
    public static readonly Choices<bool> AttentionTypes = new(("scaled_dot_product", true), ("dot_product", false));

    private static readonly Choices<LossScaling> LossScalings = new(("num_tokens", LossScaling.NumTokens), ("batch_size", LossScaling.BatchSize));
    private static readonly Choices<bool> PositionEmbeddingTypes = new(("learned", true));

    /// <summary>Stands in where a file has no model, so that its other sections are read and checked too; such a file is refused.</summary>
    public static ModelParameters Missing { get; } = new()
    {
        VocabularySize = 1,
        HiddenSize = 1,
        Layers = 1,
        Heads = 1,
        FilterSize = 1,
        MaxPositionEmbeddings = int.MaxValue,
    };

    /// <summary>Reads the section.</summary>
    public static ModelParameters Read(SectionReader section)
    {
        ModelParameters parameters = new()
        {
            VocabularySize = section.Integer("vocab_size", minimum: 1, required: true) ?? 1,
            HiddenSize = section.Integer("hidden_size", minimum: 1, required: true) ?? 1,
            Layers = (int?)section.LongInteger("num_hidden_layers", 1, ParameterRanges.MostLayers, required: true) ?? 1,
            Heads = section.Integer("num_heads", minimum: 1, required: true) ?? 1,
            FilterSize = section.Integer("filter_size", minimum: 1, required: true) ?? 1,
        };
        parameters = ReadEmbeddings(section, parameters);
        parameters = ReadLayers(section, parameters);
        parameters = ReadInitializers(section, parameters);
        parameters = ReadLoss(section, parameters);
        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfModel);
        section.Ignore(
            "mixed_precision", "fp16_type", "use_bfloat16", "precision_opt_level", "attention_softmax_fp32", "attention_kernel", "allow_multireplica",
            "boundary_casting", "tf_summary", "dtype", "fold_rope_consts", "use_experimental_flex_api", "attention_qk_norm_eps",
            "sliding_window_every_other_decoder_layer_pattern", "scale_output_logits_by_d", "start_token", "loop_dim", "stop_sequences", "max_tokens",
            "temperature", "top_k", "top_p");
        section.Finish();
        return parameters;
    }

    private static ModelParameters ReadEmbeddings(SectionReader section, ModelParameters defaults)
    {
        section.Choice("position_embedding_type", PositionEmbeddingTypes);
        return defaults with
        {
            MaxPositionEmbeddings = section.Integer("max_position_embeddings", minimum: 1) ?? defaults.MaxPositionEmbeddings,
            PositionEmbedding = section.Boolean("use_position_embedding") ?? true ? PositionEmbedding.Learned : PositionEmbedding.None,
            ShareEmbeddingWeights = section.Boolean("share_embedding_weights") ?? defaults.ShareEmbeddingWeights,
            EmbeddingLayerNorm = section.Boolean("embedding_layer_norm") ?? defaults.EmbeddingLayerNorm,
        };
    }

    private static ModelParameters ReadLayers(SectionReader section, ModelParameters defaults)
    {
        double dropoutRate = section.Number("dropout_rate", Interval.Fraction) ?? defaults.DropoutRate;
        return defaults with
        {
            DropoutRate = dropoutRate,
            EmbeddingDropoutRate = section.Number("embedding_dropout_rate", Interval.Fraction) ?? dropoutRate,
            AttentionDropoutRate = section.Number("attention_dropout_rate", Interval.Fraction) ?? dropoutRate,
            LayerNormEpsilon = section.Number("layer_norm_epsilon", Interval.Positive) ?? defaults.LayerNormEpsilon,
            ScaledAttention = section.Choice("attention_type", AttentionTypes) ?? defaults.ScaledAttention,
            UseProjectionBiasInAttention = section.Boolean("use_projection_bias_in_attention") ?? defaults.UseProjectionBiasInAttention,
            UseFfnBiasInAttention = section.Boolean("use_ffn_bias_in_attention") ?? defaults.UseFfnBiasInAttention,
            UseFfnBias = section.Boolean("use_ffn_bias") ?? defaults.UseFfnBias,
            UseBiasInOutput = section.Boolean("use_bias_in_output") ?? defaults.UseBiasInOutput,
            Nonlinearity = section.Choice("nonlinearity", Nonlinearities) ?? defaults.Nonlinearity,
        };
    }

    private static ModelParameters ReadInitializers(SectionReader section, ModelParameters defaults) => defaults with
    {
        InitializerRange = section.Number("initializer_range", Interval.NotNegative) ?? defaults.InitializerRange,
        EmbeddingInitializer = InitializerSection.Read(section, "embedding_initializer"),
        Initializer = InitializerSection.Read(section, "initializer"),
        OutputLayerInitializer = InitializerSection.Read(section, "output_layer_initializer"),
    };

    private static ModelParameters ReadLoss(SectionReader section, ModelParameters defaults)
    {
        LossScaling scaling = section.Choice("loss_scaling", LossScalings) ?? defaults.LossScaling;
        double weight = section.Number("loss_weight", Interval.Positive) ?? defaults.LossWeight;
        if (scaling is LossScaling.NumTokens && weight != 1)
        {
            section.Warn(
                "loss_weight", Invariant($"is {weight}, which belongs to loss_scaling batch_size; batch_size is used instead of num_tokens"));
            scaling = LossScaling.BatchSize;
        }

        return defaults with
        {
            LossScaling = scaling,
            LossWeight = weight,
            ComputeEvalMetrics = section.Boolean("compute_eval_metrics") ?? defaults.ComputeEvalMetrics,
        };
    }
}
