using System.Collections.Immutable;
using System.Text.Json;

namespace SparseEngine.Checkpoints;

/// <summary>The index of a checkpoint in shards: <c>{"weight_map": {"wte.weight": "model-00001-of-00002.safetensors", ...}}</c>.</summary>
/// <param name="Shards">The file name of each tensor's shard, in the index's order.</param>
internal sealed record SafetensorsIndex(ImmutableArray<KeyValuePair<string, string>> Shards)
{
    private const string MapKey = "weight_map";

    // A tensor takes about a hundred bytes: far beyond any model. Parsed, an index takes many times its size.
    private const long LargestIndex = 16 << 20;

    /// <summary>
    /// Whether a file's first bytes are those of a JSON object, and not of a .safetensors file, whose header length has zeros in it.
    /// </summary>
    public static bool IsJson(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.StartsWith(JsonFile.ByteOrderMark) ? start[JsonFile.ByteOrderMark.Length..] : start;
        return !start.Contains((byte)0) && text.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
    }

    /// <summary>Reads an index.</summary>
    /// <exception cref="CheckpointException">It cannot be read, is none, or names a file that is not beside it.</exception>
    public static SafetensorsIndex Read(string path)
    {
        try
        {
            using JsonDocument document = JsonFile.Read(path, "an index of shards", LargestIndex);
            return document.RootElement.TryGetProperty(MapKey, out JsonElement map) && map.ValueKind == JsonValueKind.Object
                ? new SafetensorsIndex([.. map.EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, ShardName(path, entry)))])
                : throw new CheckpointException($"{path}: is not a checkpoint{WhatItIs(document.RootElement)}");
        }
        catch (InvalidOperationException exception)
        {
            throw new CheckpointException($"{path}: is not an index of shards: it has a text that is no Unicode", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    private static string WhatItIs(JsonElement json) => JsonFile.DescribeAnswer(json) is { } answer ? $" but {answer}"
        : json.TryGetProperty("model_type", out _) ? " but a model's config; valid: the folder that it lies in, or the file of the weights"
        : $": it is JSON, and no index of shards, which has a {MapKey}";

    // Only a name: a downloaded index must not lead to files elsewhere.
    private static string ShardName(string path, JsonProperty entry) =>
        entry.Value.ValueKind == JsonValueKind.String && entry.Value.GetString() is { Length: > 0 } name && Path.GetFileName(name) == name
            ? name
            : throw new CheckpointException($"{path}: places {entry.Name} in {entry.Value.GetRawText()}; valid: the name of a file beside it");
}
