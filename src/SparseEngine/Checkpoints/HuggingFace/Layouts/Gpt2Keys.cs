using System.Text.Json;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace.Layouts;

/// <summary>The keys of GPT-2's config.json, most of which its kin have too.</summary>
internal static class Gpt2Keys
{
    /// <summary>Reads the settings.</summary>
    /// <param name="config">The config.json.</param>
    /// <param name="activation">The default of the feed-forward's non-linearity.</param>
    public static ModelParameters Read(ConfigReader config, string activation) =>
        ReadSizes(config, new Sizes(50257, 1024, 768, 12, 12), activation, dropout: 0.1) with
        {
            ShareEmbeddingWeights = config.Flag("tie_word_embeddings", byDefault: true),
            ScaledAttention = config.Flag("scale_attn_weights", byDefault: true),
        };

    /// <summary>Reads those that GPT-J has as well, with other defaults.</summary>
    public static ModelParameters ReadSizes(ConfigReader config, Sizes byDefault, string activation, double dropout)
    {
        int hidden = config.Size(byDefault.Hidden, "n_embd", "hidden_size");
        return new ModelParameters
        {
            VocabularySize = config.Size(byDefault.Vocabulary, "vocab_size"),
            MaxPositionEmbeddings = config.Size(byDefault.Positions, "n_positions", "n_ctx", "max_position_embeddings"),
            HiddenSize = hidden,
            Layers = config.Size(byDefault.Layers, "n_layer", "num_hidden_layers"),
            Heads = config.Divisor(byDefault.Heads, hidden, "n_embd", "n_head", "num_attention_heads"),
            FilterSize = config.Size((int)Math.Min(4L * hidden, int.MaxValue), "n_inner"),
            Nonlinearity = ActivationNames.Read(config, "activation_function", activation),
            LayerNormEpsilon = config.Number("layer_norm_epsilon", Interval.Positive, 1e-5),
            DropoutRate = config.Number("resid_pdrop", Interval.Fraction, dropout),
            EmbeddingDropoutRate = config.Number("embd_pdrop", Interval.Fraction, dropout),
            AttentionDropoutRate = config.Number("attn_pdrop", Interval.Fraction, dropout),
            InitializerRange = config.Number("initializer_range", Interval.NotNegative, 0.02),
        };
    }

    /// <summary>Writes the settings.</summary>
    public static void Write(Utf8JsonWriter json, ModelParameters model)
    {
        WriteSizes(json, model);
        json.WriteBoolean("scale_attn_weights", model.ScaledAttention);
    }

    /// <summary>Writes those that GPT-J has as well.</summary>
    public static void WriteSizes(Utf8JsonWriter json, ModelParameters model)
    {
        json.WriteNumber("n_positions", model.MaxPositionEmbeddings);
        json.WriteNumber("n_embd", model.HiddenSize);
        json.WriteNumber("n_layer", model.Layers);
        json.WriteNumber("n_head", model.Heads);
        json.WriteNumber("n_inner", model.FilterSize);
        ActivationNames.Write(json, "activation_function", model);
        json.WriteNumber("layer_norm_epsilon", model.LayerNormEpsilon);
        json.WriteNumber("resid_pdrop", model.DropoutRate);
        json.WriteNumber("embd_pdrop", model.EmbeddingDropoutRate);
        json.WriteNumber("attn_pdrop", model.AttentionDropoutRate);
    }

    /// <summary>A model's sizes.</summary>
    public readonly record struct Sizes(int Vocabulary, int Positions, int Hidden, int Layers, int Heads);
}
