using System.Collections.Immutable;
using System.Numerics;
using System.Text.Json;
using SparseEngine.Metrics;

namespace SparseEngine.Checkpoints;

/// <summary>A tensor as a .safetensors header describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type, one of <see cref="SafetensorsType.All"/>.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Start">Where its bytes start after the header.</param>
/// <param name="Length">Their number.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, ImmutableArray<int> Shape, long Start, long Length);

/// <summary>The JSON header of a .safetensors file, checked against the file's length.</summary>
/// <param name="Entries">The tensors in the header's order.</param>
/// <param name="Metadata">The texts beside them.</param>
internal sealed record SafetensorsHeader(ImmutableArray<SafetensorsEntry> Entries, ImmutableDictionary<string, string> Metadata)
{
    /// <summary>The key of the metadata among the tensors.</summary>
    public const string MetadataKey = "__metadata__";

    // That of numpy, more than PyTorch's.
    private const int LargestRank = 64;

    /// <summary>Reads a header.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="json">The header, UTF-8.</param>
    /// <param name="dataLength">The number of bytes that follow it.</param>
    /// <exception cref="CheckpointException">It is damaged, or has an element type that is unknown.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlyMemory<byte> json, long dataLength)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Parse(path, document.RootElement, dataLength)
                : throw new CheckpointException($"{path}: is damaged: its header is not a map");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter is for texts that are not valid Unicode, which are decoded late.
            throw new CheckpointException($"{path}: is damaged: its header is not valid JSON", exception);
        }
    }

    private static SafetensorsHeader Parse(string path, JsonElement header, long dataLength)
    {
        ImmutableDictionary<string, string> metadata = ImmutableDictionary<string, string>.Empty;
        ImmutableArray<SafetensorsEntry>.Builder entries = ImmutableArray.CreateBuilder<SafetensorsEntry>();
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (JsonProperty property in header.EnumerateObject())
        {
            if (!names.Add(property.Name))
            {
                throw new CheckpointException($"{path}: is damaged: its header has {property.Name} twice");
            }

            if (property.Name == MetadataKey)
            {
                metadata = ParseMetadata(path, property.Value);
            }
            else
            {
                entries.Add(ParseEntry(path, property, dataLength));
            }
        }

        CheckApart(path, entries);
        CheckNothingFollows(path, entries, dataLength);
        return new SafetensorsHeader(entries.ToImmutable(), metadata);
    }

    // The format lets no two tensors share bytes.
    private static void CheckApart(string path, IEnumerable<SafetensorsEntry> entries)
    {
        SafetensorsEntry? previous = null;
        foreach (SafetensorsEntry entry in entries.Where(entry => entry.Length > 0).OrderBy(entry => entry.Start))
        {
            if (previous is not null && entry.Start < previous.Start + previous.Length)
            {
                throw new CheckpointException($"{path}: is damaged: {previous.Name} and {entry.Name} overlap");
            }

            previous = entry;
        }
    }

    // What follows would be lost with the next writing, or is that of another program.
    private static void CheckNothingFollows(string path, IEnumerable<SafetensorsEntry> entries, long dataLength)
    {
        long end = entries.Select(entry => entry.Start + entry.Length).DefaultIfEmpty().Max();
        if (end < dataLength)
        {
            throw new CheckpointException($"{path}: is damaged: {Quantity.Count(dataLength - end, "byte")} that no tensor has at its end");
        }
    }

    private static ImmutableDictionary<string, string> ParseMetadata(string path, JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{path}: is damaged: {MetadataKey} is not a map of texts");
        }

        ImmutableDictionary<string, string>.Builder texts = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty text in metadata.EnumerateObject())
        {
            texts[text.Name] = text.Value.ToString();
        }

        return texts.ToImmutable();
    }

    private static SafetensorsEntry ParseEntry(string path, JsonProperty property, long dataLength)
    {
        string name = property.Name;
        Description description = Describe(property.Value)
            ?? throw new CheckpointException($"{path}: is damaged: {name} has no dtype, shape and data_offsets");
        if (SafetensorsType.Find(description.Type) is not { } type)
        {
            throw new CheckpointException(
                $"{path}: {name} has the dtype {description.Type}; valid: {string.Join(", ", SafetensorsType.All.Select(one => one.Name))}");
        }

        BigInteger bytes = description.Shape.Aggregate(new BigInteger(type.Size), (product, dimension) => product * dimension);
        return description.Start >= 0 && description.End <= dataLength && new BigInteger(description.End) - description.Start == bytes
            ? new SafetensorsEntry(name, type, description.Shape, description.Start, description.End - description.Start)
            : throw new CheckpointException(
                $"{path}: is damaged: {name} needs {bytes} bytes at {description.Start} to {description.End} of {dataLength}");
    }

    /// <summary>What an entry says; null where it does not say all of it.</summary>
    private static Description? Describe(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out JsonElement dimensions) || dimensions.ValueKind != JsonValueKind.Array
            || dimensions.GetArrayLength() > LargestRank
            || !entry.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.ValueKind != JsonValueKind.Array
            || offsets.GetArrayLength() != 2
            || !TryGetInteger(offsets[0], out long start) || !TryGetInteger(offsets[1], out long end))
        {
            return null;
        }

        ImmutableArray<int>.Builder shape = ImmutableArray.CreateBuilder<int>();
        foreach (JsonElement dimension in dimensions.EnumerateArray())
        {
            if (!TryGetInteger(dimension, out long size) || size is < 0 or > int.MaxValue)
            {
                return null;
            }

            shape.Add((int)size);
        }

        return new Description(type.GetString()!, shape.ToImmutable(), start, end);
    }

    private static bool TryGetInteger(JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }

    private sealed record Description(string Type, ImmutableArray<int> Shape, long Start, long End);
}
