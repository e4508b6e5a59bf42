using System.Globalization;
using System.Text;
using SparseEngine.Configuration;

namespace SparseEngine.Checkpoints.HuggingFace;

/// <summary>
/// The YAML of a model that came from Hugging Face: a model section with the keys that config.json decides, the others at their defaults.
/// </summary>
internal static class ModelSectionYaml
{
    /// <summary>The YAML, ready for the other sections of a run.</summary>
    public static string Write(ModelParameters model)
    {
        StringBuilder yaml = new();
        yaml.Append("model:\n");
        foreach ((string key, Func<ModelParameters, object> valueIn) in ModelKeys.All)
        {
            Add(key, valueIn(model));
        }

        foreach ((string key, object value) in FamilyKeys.Of(model))
        {
            Add(key, value);
        }

        Add("dropout_rate", model.DropoutRate);
        Add("embedding_dropout_rate", model.EmbeddingDropoutRate);
        Add("attention_dropout_rate", model.AttentionDropoutRate);
        Add("initializer_range", model.InitializerRange);
        return yaml.ToString();

        void Add(string key, object value) => yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {YamlScalar.Of(value)}\n");
    }
}
