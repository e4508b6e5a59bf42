using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using SparseEngine.Configuration;

namespace SparseEngine.Models;

/// <summary>A model section as text, so that a checkpoint can be used without its YAML.</summary>
internal static class ModelDescription
{
    /// <summary>The checkpoint's metadata key that holds it.</summary>
    public const string MetadataKey = "model";

    // What descriptions had in place of the kind of positions while there was one kind, or none.
    private const string LearnedOrNone = "UsePositionEmbedding";

    private static readonly JsonSerializerOptions Options = new() { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The model section as one JSON object.</summary>
    public static string Write(ModelParameters model) => JsonSerializer.Serialize(model, Options);

    /// <summary>
    /// Reads what <see cref="Write"/> wrote, in this release or an earlier one; null where <paramref name="json"/> is not such a text, or its
    /// settings are those of no model.
    /// </summary>
    public static ModelParameters? Read(string json)
    {
        try
        {
            return JsonNode.Parse(json) is JsonObject description && WithPositions(description).Deserialize<ModelParameters>(Options) is { } model
                && ModelRanges.Hold(model) && !ModelRules.Broken(model).Any() ? model : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static JsonObject WithPositions(JsonObject description)
    {
        if (description[LearnedOrNone]?.GetValueKind() is JsonValueKind.False && !description.ContainsKey(nameof(ModelParameters.PositionEmbedding)))
        {
            description[nameof(ModelParameters.PositionEmbedding)] = nameof(PositionEmbedding.None);
        }

        return description;
    }
}
