using System.Globalization;
using System.Text;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>
/// The YAML of a model that was converted: a model section with the keys that its description decides, the others at their defaults.
/// </summary>
internal static class ModelSectionYaml
{
    private const string PositionType = "position_embedding_type";

    // Of the keys that some families have, a section needs those in which its model is no GPT-2.
    private static readonly ModelParameters Gpt2 = new() { VocabularySize = 1, HiddenSize = 1, Layers = 1, Heads = 1, FilterSize = 1 };

    /// <summary>The YAML, ready for the other sections of a run.</summary>
    public static string Write(ModelParameters model)
    {
        StringBuilder yaml = new();
        yaml.Append("model:\n");
        foreach ((string key, Func<ModelParameters, object> valueIn) in ModelKeys.All)
        {
            Add(key, valueIn(model));
        }

        foreach ((string key, Func<ModelParameters, object?> valueIn) in ModelKeys.OfFamilies)
        {
            if (valueIn(model) is { } value && (key == PositionType || !value.Equals(valueIn(Gpt2))))
            {
                Add(key, value);
            }
        }

        if (model.KeyValueHeads != model.Heads)
        {
            Add("attention_module", "multiquery_attention");
        }

        Add("dropout_rate", model.DropoutRate);
        Add("embedding_dropout_rate", model.EmbeddingDropoutRate);
        Add("attention_dropout_rate", model.AttentionDropoutRate);
        Add("initializer_range", model.InitializerRange);
        return yaml.ToString();

        void Add(string key, object value) => yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {YamlScalar.Of(value)}\n");
    }
}
