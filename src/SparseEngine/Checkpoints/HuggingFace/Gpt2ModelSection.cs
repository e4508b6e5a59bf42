using System.Globalization;
using System.Text;
using SparseEngine.Configuration;
using SparseEngine.Configuration.Sections;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>The YAML of a model that came from Hugging Face: a model section with the keys that config.json decides, the others at their defaults.</summary>
internal static class Gpt2ModelSection
{
    /// <summary>The YAML, ready for the other sections of a run.</summary>
    public static string Write(ModelParameters model)
    {
        StringBuilder yaml = new();
        yaml.Append("model:\n");
        Add("vocab_size", model.VocabularySize);
        Add("hidden_size", model.HiddenSize);
        Add("num_hidden_layers", model.Layers);
        Add("num_heads", model.Heads);
        Add("filter_size", model.FilterSize);
        Add("max_position_embeddings", model.MaxPositionEmbeddings);
        Add("use_position_embedding", true);
        Add("position_embedding_type", "learned");
        Add("share_embedding_weights", model.ShareEmbeddingWeights);
        Add("nonlinearity", ModelSection.Nonlinearities.NameOf(model.Nonlinearity));
        Add("attention_type", ModelSection.AttentionTypes.NameOf(model.ScaledAttention));
        Add("use_projection_bias_in_attention", true);
        Add("use_ffn_bias_in_attention", true);
        Add("use_ffn_bias", true);
        Add("use_bias_in_output", false);
        Add("layer_norm_epsilon", model.LayerNormEpsilon);
        Add("dropout_rate", model.DropoutRate);
        Add("embedding_dropout_rate", model.EmbeddingDropoutRate);
        Add("attention_dropout_rate", model.AttentionDropoutRate);
        Add("initializer_range", model.InitializerRange);
        return yaml.ToString();

        void Add(string key, object value) => yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {Scalar(value)}\n");
    }

    private static string Scalar(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        double number => Number(number),
        _ => $"{value}",
    };

    // PyYAML takes a number with an exponent for text unless it has a point and a signed exponent: 1.0e-05.
    private static string Number(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        int exponent = text.IndexOf('e', StringComparison.Ordinal);
        return text.Contains('.', StringComparison.Ordinal) ? text
            : exponent < 0 ? $"{text}.0"
            : $"{text[..exponent]}.0{text[exponent..]}";
    }
}
