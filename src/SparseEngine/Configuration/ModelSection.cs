using SparseEngine.Configuration.Yaml;
using SparseEngine.Kernels.Devices;

namespace SparseEngine.Configuration;

/// <summary>Reads the model section.</summary>
internal static class ModelSection
{
    private const string Rate = "a number from 0 to below 1";

    private static readonly (string, Activation)[] Nonlinearities =
    [
        ("gelu", Activation.Gelu), ("gelu_new", Activation.GeluNew), ("quick_gelu", Activation.QuickGelu), ("relu", Activation.Relu),
        ("squared_relu", Activation.SquaredRelu), ("leaky_relu", Activation.LeakyRelu), ("relu6", Activation.Relu6), ("silu", Activation.Silu),
        ("swish", Activation.Silu), ("sigmoid", Activation.Sigmoid), ("tanh", Activation.Tanh), ("linear", Activation.Linear),
    ];

    private static readonly (string, bool)[] AttentionTypes = [("scaled_dot_product", true), ("dot_product", false)];

    private static readonly (string, LossScaling)[] LossScalings = [("num_tokens", LossScaling.NumTokens), ("batch_size", LossScaling.BatchSize)];

    /// <summary>Reads the section.</summary>
    public static ModelParameters Read(SectionReader section)
    {
        section.Ignore(
            "name", "model_name", "mixed_precision", "use_bfloat16", "fp16_type", "precision_opt_level", "allow_multireplica", "attention_softmax_fp32", "attention_kernel",
            "use_optimized_attn_mask", "to_float16", "boundary_casting", "tf_summary", "output_dir", "lr_scheduler", "use_ffn_bias_in_output");
        section.Refuse("fixed_sparse_attention", _ => true, "leave the key out: attention is dense and causal");
        section.Refuse("position_embedding_type", node => node is not YamlScalar { Value: "learned" }, "valid: learned");

        Func<double, bool> isRate = rate => rate is >= 0 and < 1;
        double dropout = section.RequiredNumber("dropout_rate", isRate, Rate, "residual_dropout_rate");
        double? lossWeight = section.Number("loss_weight", weight => weight > 0, "a number above 0");
        ModelParameters model = new()
        {
            VocabularySize = section.RequiredInt("vocab_size", 1),
            HiddenSize = section.RequiredInt("hidden_size", 1),
            Layers = section.RequiredInt("num_hidden_layers", 1),
            Heads = section.RequiredInt("num_heads", 1),
            FilterSize = section.RequiredInt("filter_size", 1),
            MaxPositionEmbeddings = section.Int("max_position_embeddings", 1) ?? 1024,
            UsePositionEmbedding = section.Boolean("use_position_embedding") ?? true,
            ShareEmbeddingWeights = section.Boolean("share_embedding_weights") ?? true,
            EmbeddingLayerNorm = section.Boolean("embedding_layer_norm") ?? false,
            DropoutRate = dropout,
            EmbeddingDropoutRate = section.Number("embedding_dropout_rate", isRate, Rate) ?? dropout,
            AttentionDropoutRate = section.Number("attention_dropout_rate", isRate, Rate) ?? dropout,
            LayerNormEpsilon = section.Number("layer_norm_epsilon", epsilon => epsilon > 0, "a number above 0") ?? 1e-5,
            ScaledAttention = section.Choice("attention_type", AttentionTypes) ?? true,
            UseProjectionBiasInAttention = section.Boolean("use_projection_bias_in_attention") ?? true,
            UseFfnBiasInAttention = section.Boolean("use_ffn_bias_in_attention") ?? true,
            UseFfnBias = section.Boolean("use_ffn_bias") ?? true,
            UseBiasInOutput = section.Boolean("use_bias_in_output") ?? false,
            Nonlinearity = section.Choice("nonlinearity", Nonlinearities) ?? Activation.Gelu,
            InitializerRange = section.Number("initializer_range", range => range > 0, "a number above 0") ?? 0.02,
            EmbeddingInitializer = InitializerSection.Read(section, "embedding_initializer"),
            Initializer = InitializerSection.Read(section, "initializer"),
            OutputLayerInitializer = InitializerSection.Read(section, "output_layer_initializer"),
            LossScaling = section.Choice("loss_scaling", LossScalings) ?? LossScaling.NumTokens,
            LossWeight = lossWeight ?? 1,
            ComputeEvalMetrics = section.Boolean("compute_eval_metrics") ?? true,
        };
        if (section.Diagnostics.Errors.IsEmpty && model.HiddenSize % model.Heads != 0 && section.Node("num_heads") is { } heads)
        {
            section.Invalid(heads, "num_heads", $"a divisor of model.hidden_size, {model.HiddenSize}");
        }

        if (model.LossScaling == LossScaling.NumTokens && model.LossWeight != 1)
        {
            section.Diagnostics.Warning(
                section.Node("loss_weight")!, "model.loss_weight has a meaning only with loss_scaling batch_size, which is used as the Model Zoo does; leave loss_weight out for num_tokens");
            model = model with { LossScaling = LossScaling.BatchSize };
        }

        section.Finish();
        return model;
    }
}
