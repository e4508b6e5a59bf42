using static System.FormattableString;

namespace SparseEngine.Configuration.Sections;

/// <summary>Reads the model section: the keys of the Model Zoo's GPT models, of either layout.</summary>
internal static class ModelSection
{
    // What the Model Zoo's GPT-J takes where a file gives none.
    private const double DropoutOfGptJ = 0.1;

    private static readonly Choices<LossScaling> LossScalings = new(("num_tokens", LossScaling.NumTokens), ("batch_size", LossScaling.BatchSize));

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
    /// <param name="section">The section; its family's name has been read.</param>
    /// <param name="modelClass">The class of the family.</param>
    /// <param name="nullIsNoPosition">Whether null in place of the positions' type is a model without them, as in Model Zoo 2.x.</param>
    public static ModelParameters Read(SectionReader section, ModelClass modelClass, bool nullIsNoPosition)
    {
        ModelParameters parameters = new()
        {
            VocabularySize = section.Integer("vocab_size", minimum: 1, required: true) ?? 1,
            HiddenSize = section.Integer("hidden_size", minimum: 1, required: true) ?? 1,
            Layers = (int?)section.LongInteger("num_hidden_layers", 1, ParameterRanges.MostLayers, required: true) ?? 1,
            Heads = section.Integer("num_heads", minimum: 1, required: true) ?? 1,
            FilterSize = section.Integer("filter_size", minimum: 1, required: true) ?? 1,
        };
        parameters = WithDefaults(parameters, modelClass);
        parameters = PositionSection.Read(section, ReadEmbeddings(section, parameters), nullIsNoPosition);
        parameters = FeedForwardSection.Read(section, AttentionSection.Read(section, NormSection.Read(section, parameters)));
        parameters = MupSection.Read(section, ReadDropout(section, parameters, modelClass), modelClass);
        parameters = ReadLoss(section, ReadInitializers(section, parameters));
        UnimplementedKeys.Refuse(section, UnimplementedKeys.OfModel);
        section.Ignore(
            "mixed_precision", "fp16_type", "use_bfloat16", "precision_opt_level", "attention_softmax_fp32", "attention_kernel", "allow_multireplica",
            "boundary_casting", "tf_summary", "dtype", "fold_rope_consts", "use_experimental_flex_api", "num_relative_attention_buckets",
            "sliding_window_every_other_decoder_layer_pattern", "start_token", "loop_dim", "stop_sequences", "max_tokens", "temperature", "top_k",
            "top_p");
        section.Finish();
        return parameters;
    }

    /// <summary>What dropout_rate is called in a file.</summary>
    public static string DropoutKeyOf(SectionReader section) => section.NameOfAgreeing("dropout_rate", ModelFamily.ResidualDropoutKey);

    /// <summary>What GPT-J's class takes where a file says nothing, if not what GPT-2's does.</summary>
    private static ModelParameters WithDefaults(ModelParameters sizes, ModelClass modelClass) => modelClass is ModelClass.Gpt2 ? sizes : sizes with
    {
        ParallelResidual = true,
        PositionEmbedding = PositionEmbedding.Rotary,
        UseFfnBias = false,
    };

    private static ModelParameters ReadEmbeddings(SectionReader section, ModelParameters defaults) => defaults with
    {
        ShareEmbeddingWeights = section.Boolean("share_embedding_weights") ?? defaults.ShareEmbeddingWeights,
        EmbeddingLayerNorm = section.Boolean("embedding_layer_norm") ?? defaults.EmbeddingLayerNorm,
        UseBiasInOutput = section.Boolean("use_bias_in_output") ?? defaults.UseBiasInOutput,
    };

    /// <summary>The other rates follow dropout_rate; in GPT-J each has a default of its own.</summary>
    private static ModelParameters ReadDropout(SectionReader section, ModelParameters defaults, ModelClass modelClass)
    {
        double? byDefault = modelClass is ModelClass.GptJ ? DropoutOfGptJ : null;
        double rate = section.Number(DropoutKeyOf(section), Interval.Fraction) ?? byDefault ?? defaults.DropoutRate;
        return defaults with
        {
            DropoutRate = rate,
            EmbeddingDropoutRate = section.Number("embedding_dropout_rate", Interval.Fraction) ?? byDefault ?? rate,
            AttentionDropoutRate = section.Number("attention_dropout_rate", Interval.Fraction) ?? byDefault ?? rate,
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
