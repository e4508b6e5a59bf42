using System.Text.Json;
using System.Text.Json.Serialization;
using SparseEngine.Configuration;

namespace SparseEngine.Models;

/// <summary>A model section as text, so that a checkpoint can be used without its YAML.</summary>
internal static class ModelDescription
{
    /// <summary>The checkpoint's metadata key that holds it.</summary>
    public const string MetadataKey = "model";

    private static readonly JsonSerializerOptions Options = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The model section as one JSON object.</summary>
    public static string Write(ModelParameters model) => JsonSerializer.Serialize(model, Options);

    /// <summary>
    /// Reads what <see cref="Write"/> wrote; null where <paramref name="json"/> is not such a text, or its sizes are those of no model.
    /// </summary>
    public static ModelParameters? Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<ModelParameters>(json, Options) is
                { VocabularySize: > 0, HiddenSize: > 0, Layers: > 0, Heads: > 0, FilterSize: > 0, MaxPositionEmbeddings: > 0 } model
                && model.HiddenSize % model.Heads == 0 ? model : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
